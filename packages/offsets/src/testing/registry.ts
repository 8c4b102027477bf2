/**
 * A schema registry on loopback: the part of Confluent's API that readers use, and the registration that writers need;
 * misbehaviour where a test wants it.
 */
import { randomUUID } from 'node:crypto'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { json } from 'node:stream/consumers'

export interface TestSchema {
  readonly schema: string
  readonly schemaType?: 'AVRO' | 'PROTOBUF' | 'JSON' | (string & {})
  readonly references?: readonly { readonly name: string; readonly subject: string; readonly version: number }[]
  /** Where others refer to it. Default: none. */
  readonly subject?: string
  readonly guid?: string
}

export interface TestRegistry extends AsyncDisposable {
  readonly url: string
  /** Paths of the requests that came, with their `Authorization`. */
  readonly requests: { readonly path: string; readonly authorization: string | undefined }[]
  /** Its id, from 1. */
  add(schema: TestSchema): number
  /** Answers instead of the registry, where it is set. */
  answer: ((request: IncomingMessage, response: ServerResponse) => void) | undefined
  close(): Promise<void>
}

/** `protoOf`: the text of a subject's Protobuf file, which writers register in its binary form. */
export async function startRegistry(protoOf?: (subject: string) => string): Promise<TestRegistry> {
  const schemas: TestSchema[] = []
  const requests: { path: string; authorization: string | undefined }[] = []
  // A test that calculates for seconds in this process finds its connection open.
  const server = createServer({ keepAliveTimeout: 0 }, (request, response) => {
    requests.push({ path: request.url!, authorization: request.headers.authorization })
    if (registry.answer !== undefined) return registry.answer(request, response)
    const { pathname } = new URL(request.url!, 'http://registry')
    const answer = ({ status, body }: { status: number; body: object }): void => {
      response.writeHead(status, { 'content-type': 'application/vnd.schemaregistry.v1+json' }).end(JSON.stringify(body))
    }
    if (request.method === 'POST') void json(request).then((schema) => answer(registered(schemas, pathname, schema as TestSchema, protoOf)))
    else answer(answerTo(schemas, pathname))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const close = (): Promise<void> => {
    server.closeAllConnections()
    return new Promise((resolve) => server.close(() => resolve()))
  }
  const registry: TestRegistry = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    add: (schema) => schemas.push(schema),
    answer: undefined,
    close,
    [Symbol.asyncDispose]: close,
  }
  return registry
}

/** A writer that names the same schema again gets the same id. */
function registered(
  schemas: TestSchema[],
  path: string,
  given: TestSchema,
  protoOf?: (subject: string) => string,
): { status: number; body: object } {
  const subject = decodeURIComponent(path.split('/')[2]!)
  const schema = given.schemaType === 'PROTOBUF' && protoOf !== undefined ? protoOf(subject) : given.schema
  const known = schemas.findIndex((it) => it.subject === subject && it.schema === schema)
  const index = known >= 0 ? known : schemas.push({ ...given, schema, subject, guid: randomUUID() }) - 1
  return { status: 200, body: { ...schemas[index], id: index + 1, version: 1 } }
}

function answerTo(schemas: readonly TestSchema[], path: string): { status: number; body: object } {
  const [, first, second, third, , fifth] = path.split('/').map(decodeURIComponent) as (string | undefined)[]
  const index = ((): number => {
    if (first === 'schemas' && second === 'ids') return Number(third) - 1
    if (first === 'schemas' && second === 'guids') return schemas.findIndex(({ guid }) => guid === third)
    const versions = schemas.filter(({ subject }) => subject !== undefined && subject === second)
    return first === 'subjects' && third === 'versions' ? schemas.indexOf(versions[Number(path.split('/')[4]) - 1]!) : -1
  })()
  const found = schemas[index]
  if (found === undefined) return { status: 404, body: { error_code: 40403, message: `Schema ${fifth ?? third} not found` } }
  const { schemaType, subject, guid: _, ...rest } = found
  // As the real ones do, Avro is not named.
  return {
    status: 200,
    body: { ...rest, ...(schemaType !== undefined && schemaType !== 'AVRO' && { schemaType }), ...(subject && { subject, version: 1 }) },
  }
}

/** As a serializer writes it: the magic byte, the id, and the data. */
export const withId = (id: number, ...data: (Buffer | readonly number[])[]): Buffer => {
  const head = Buffer.alloc(5)
  head.writeInt32BE(id, 1)
  return Buffer.concat([head, ...data.map((it) => Buffer.from(it as Buffer))])
}
