/** A schema registry with a certificate of its own authority, which asks for the certificate of its clients. */
import { createPrivateKey } from 'node:crypto'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:https'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import type { TLSSocket } from 'node:tls'
import { type Broker, startBroker } from '@tidemark/broker'
import { clientProperties, createAdmin, createKafka, createProducer } from '@tidemark/client'
import { createSchemaRegistry } from '@tidemark/offsets'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { withId } from '../../offsets/src/testing/registry.ts'
import { Authority, type Identity } from './testing/certificates.ts'
import { finished, type Outcome, startWith } from './testing/command.ts'

const folder = mkdtempSync(path.join(tmpdir(), 'tidemark-registry-tls-'))
const file = (name: string, text: string): string => {
  writeFileSync(path.join(folder, name), text)
  return path.join(folder, name)
}
const SCHEMA = JSON.stringify({ type: 'record', name: 'Order', fields: [{ name: 'id', type: 'long' }] })
const value = withId(1, Buffer.from([0x0e]))

let authority: Authority
let client: Identity
let registry: Server
let url: string
let broker: Broker
/** Who the clients were. */
const seen: unknown[] = []
const logins: string[] = []
beforeAll(async () => {
  authority = await Authority.make()
  const server = await authority.sign('CN=registry', { hosts: ['127.0.0.1'] })
  client = await authority.sign('CN=reader')
  registry = createServer({ ...server, ca: authority.cert, requestCert: true, rejectUnauthorized: true }, (request, response) => {
    seen.push((request.socket as TLSSocket).getPeerCertificate().subject?.CN)
    if (request.headers.authorization !== undefined) logins.push(request.headers.authorization)
    response.end(JSON.stringify({ schema: SCHEMA }))
  })
  await once(registry.listen(0, '127.0.0.1'), 'listening')
  url = `https://127.0.0.1:${(registry.address() as AddressInfo).port}`
  broker = await startBroker({ data: ':memory:' })
  await using kafka = createKafka({ brokers: broker.brokers })
  await createAdmin(kafka).topics.create('orders', { partitions: 1 })
  await using producer = createProducer(kafka)
  await producer.send('orders', { value })
})
afterAll(async () => {
  await broker.close()
  registry.close()
  registry.closeAllConnections()
  rmSync(folder, { recursive: true })
})

const identity = (key: string, more = ''): string =>
  `schema.registry.ssl.keystore.type=PEM\nschema.registry.ssl.keystore.location=${file('client.pem', `${client.cert}\n${key}`)}\n${more}`

/** What `schema.registry.ssl.*` has to say, as a file of Java's clients. */
function properties(...parts: string[]): string {
  const trust = `schema.registry.ssl.truststore.type=PEM\nschema.registry.ssl.truststore.location=${file('ca.pem', authority.cert)}`
  return [`schema.registry.url=${url}`, trust, ...parts].join('\n')
}

function run(args: readonly string[], more: NodeJS.ProcessEnv = {}): Promise<Outcome> {
  return finished(startWith({ env: { ...process.env, XDG_CONFIG_HOME: folder, NODE_EXTRA_CA_CERTS: '', ...more } }, ...args))
}
const consumed = (text: string, args: readonly string[] = [], more?: NodeJS.ProcessEnv): Promise<Outcome> =>
  run(['consume', 'orders', '-b', broker.brokers[0]!, '--command-config', file('client.properties', text), ...args], more)

test('schema.registry.ssl.* names who is trusted, and the certificate that is shown', async () => {
  const encrypted = createPrivateKey(client.key)
    .export({ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'pass' })
    .toString()
  seen.length = 0
  const text = properties(identity(encrypted, 'schema.registry.ssl.key.password=pass'))
  expect(await consumed(text)).toEqual({ code: 0, stdout: '{"id":7}\n', stderr: '1 record\n' })
  expect(seen).toEqual(['reader'])
  expect(clientProperties(text).ignored).toEqual([])
})

test('a URL that is typed, or of the environment, says where: the file and the profile say how', async () => {
  const how = properties(identity(client.key)).replace(/^schema.registry.url=.*/, 'basic.auth.user.info=of:file')
  const decoded = { code: 0, stdout: '{"id":7}\n' }
  expect(await consumed(how, ['--registry', url])).toMatchObject(decoded)
  expect(await consumed(how, [], { SCHEMA_REGISTRY_URL: url })).toMatchObject(decoded)
  expect(await consumed(`${how}\nschema.registry.url=http://127.0.0.1:1`, ['--registry', url])).toMatchObject(decoded)
  const add = ['profile', 'add', '-b', broker.brokers[0]!, '--command-config', file('client.properties', how)]
  expect(await run([...add, 'plain'])).toMatchObject({ code: 0 })
  expect(await run([...add, 'with', '--registry', url])).toMatchObject({ code: 0 })
  expect(await run(['consume', 'orders', '--profile', 'plain', '--registry', url])).toMatchObject(decoded)
  expect(await run(['consume', 'orders', '--profile', 'with'])).toMatchObject(decoded)
  expect(logins).toEqual(Array.from({ length: 5 }, () => `Basic ${Buffer.from('of:file').toString('base64')}`))
  const named = url.replace('//', '//a:b@')
  expect(await consumed(how, ['--registry', named])).toMatchObject(decoded)
  expect(logins.at(-1)).toBe(`Basic ${Buffer.from('a:b').toString('base64')}`)
  // The profile in use is not named.
  expect(await run(['consume', 'orders', '--registry', url])).toMatchObject({ stderr: expect.stringContaining('not trusted') })
})

test('an authority that is not trusted is said, with the setting that mends it', async () => {
  const { stderr } = await consumed(`schema.registry.url=${url}`)
  expect(stderr).toMatch(
    /shows a certificate that is not trusted here \(.*\): name the certificate of its authority as schema\.registry\.ssl\.truststore\.location/,
  )
})

test('a certificate that the registry asks for and nobody shows is told', async () => {
  expect((await consumed(properties())).stderr).toMatch(/the schema registry https:\/\/127\.0\.0\.1:\d+ cannot be reached: /)
})

test('a key that cannot be read is told', async () => {
  const { stderr } = await consumed(properties(identity(client.key.replace('M', '*'))))
  expect(stderr).toMatch(/cannot be asked: what ssl\.\* says in the file of --command-config, or in the profile, cannot be used: /)
})

test('a store that has no certificate is refused by its setting', async () => {
  const text = `schema.registry.url=${url}\nschema.registry.ssl.truststore.location=${file('key.pem', client.key)}`
  expect(await consumed(text)).toMatchObject({
    code: 2,
    stderr: expect.stringMatching(/'schema\.registry\.ssl\.truststore\.location' is '.*key\.pem', and there is no certificate in it/),
  })
})

test('in a program it is the option tls, as for brokers', async () => {
  const decoded = async (tls: NonNullable<Parameters<typeof createSchemaRegistry>[0]['tls']>) =>
    (await createSchemaRegistry({ url, tls }).decode({ key: null, value, headers: [] })).value
  const { cert, key } = client
  expect(await decoded({ ca: authority.cert, cert, key })).toMatchObject({ kind: 'decoded', data: { id: 7 } })
  expect(await decoded({ cert, key })).toMatchObject({
    problem: expect.stringContaining("give the certificate of its authority as 'tls.ca'"),
  })
  const other = url.replace('127.0.0.1', 'localhost')
  const toOther = (tls: object) =>
    createSchemaRegistry({ url: other, tls: { ca: authority.cert, cert, key, ...tls } }).decode({ key: null, value, headers: [] })
  expect((await toOther({})).value).toMatchObject({ problem: expect.stringMatching(/altnames|not match/) })
  expect((await toOther({ checkHostname: false })).value).toMatchObject({ kind: 'decoded' })
  expect(() => createSchemaRegistry({ url, tls: { ca: key } })).toThrow("option 'tls.ca' is text: there is no certificate in it")
})
