/** GETs to a schema registry: no redirects, bounded in bytes and in time. */
import http, { type IncomingMessage } from 'node:http'
import https from 'node:https'
import { advice } from '@tidemark/platform'
import type { ResolvedRegistry } from './options.ts'
import { Undecodable } from './problem.ts'

/** A schema is text that people write; a few hundred kilobytes are already rare. */
const ANSWER_BYTES_MAX = 1024 * 1024

/** The registry itself cannot be used now, whatever the schema: the next request would fare no better. */
export class RegistryUnavailable extends Undecodable {}

type Json = Readonly<Record<string, unknown>>

/** A registry that may have several addresses: the one that answered last is asked first. */
export class RegistryClient {
  readonly #registry: ResolvedRegistry
  #bases: readonly URL[]

  constructor(registry: ResolvedRegistry) {
    this.#registry = registry
    this.#bases = registry.bases
  }

  /**
   * `deadline` ends the request; each address has its share of the time, so that a silent one leaves some to the
   * others. Throws `Undecodable`.
   */
  async getJson(path: string, deadline: AbortSignal): Promise<Json> {
    let failure: RegistryUnavailable | undefined
    for (const base of this.#bases) {
      try {
        const answer = await this.#answerOf(base, path, deadline)
        if (base !== this.#bases[0]) this.#bases = [base, ...this.#bases.filter((it) => it !== base)]
        return bodyOf(answer, whereOf(base))
      } catch (error) {
        if (!(error instanceof RegistryUnavailable)) throw error
        failure = error
      }
    }
    throw failure
  }

  async #answerOf(base: URL, path: string, deadline: AbortSignal): Promise<Answer> {
    const { authorization, bases, timeoutMs, tls } = this.#registry
    const shareMs = Math.ceil(timeoutMs / bases.length)
    const where = whereOf(base)
    const signal = AbortSignal.any([deadline, AbortSignal.timeout(shareMs)])
    try {
      const response = await got(new URL(path, base), {
        headers: { accept: 'application/vnd.schemaregistry.v1+json, application/json', ...(authorization && { authorization }) },
        signal,
        ...tls,
      })
      const status = response.statusCode ?? 0
      const text = await boundedText(response, where)
      const why = unavailable(status)
      if (why !== undefined) throw new RegistryUnavailable(`${where} ${why}`)
      return { status, text }
    } catch (error) {
      if (error instanceof Undecodable) throw error
      // Both signals are of time alone.
      if (signal.aborted) throw new RegistryUnavailable(`${where} did not answer within ${deadline.aborted ? timeoutMs : shareMs} ms`)
      const { code = '' } = error as NodeJS.ErrnoException
      // What is not of the network has no code.
      if (code === '') throw error
      throw new RegistryUnavailable(`${where} ${faultOf(code, error as Error)}`)
    }
  }
}

/** Codes of OpenSSL and of Node.js for a chain that ends at nobody who is trusted. */
const UNTRUSTED = /SELF_SIGNED|UNABLE_TO_GET_ISSUER|UNABLE_TO_VERIFY/

function faultOf(code: string, error: Error): string {
  const said = oneLine(error.message || code)
  if (UNTRUSTED.test(code)) return `shows a certificate that is not trusted here (${said}): ${advice().trustRegistry}`
  if (code.startsWith('ERR_OSSL')) return `cannot be asked: ${advice().tlsSettings} cannot be used: ${said}`
  return `cannot be reached: ${said}`
}

interface Answer {
  readonly status: number
  readonly text: string
}

/** Sent once more if its connection is lost: one that was kept may just have been closed by the registry. */
async function got(url: URL, request: https.RequestOptions): Promise<IncomingMessage> {
  try {
    return await asked(url, request)
  } catch (error) {
    if (!LOST.has(String((error as NodeJS.ErrnoException).code))) throw error
    return await asked(url, request)
  }
}

const LOST: ReadonlySet<string> = new Set(['ECONNRESET', 'EPIPE'])

/** Follows no redirect: credentials would go along, and a registry has no reason to send its readers elsewhere. */
function asked(url: URL, request: https.RequestOptions): Promise<IncomingMessage> {
  const { get } = url.protocol === 'https:' ? https : http
  return new Promise((resolve, reject) => {
    get(url, request, resolve).on('error', reject)
  })
}

const whereOf = (base: URL): string => `the schema registry ${base.origin}`

/** Undefined: it answers. */
function unavailable(status: number): string | undefined {
  if (status === 401 || status === 403) return `refuses access (${status}); check the user name and password, or the token`
  if (status >= 300 && status < 400) return `redirects (${status}), which is not followed; name its true address`
  return status === 429 || status >= 500 ? `answers ${status}` : undefined
}

function bodyOf({ status, text }: Answer, where: string): Json {
  const body = objectOf(text)
  if (status !== 200) throw new Undecodable(`${where} answers ${status}${messageOf(body)}`)
  if (body === undefined) throw new Undecodable(`${where} answers with something other than a JSON object`)
  return body
}

async function boundedText(response: IncomingMessage, where: string): Promise<string> {
  const chunks: Uint8Array[] = []
  let length = 0
  // To leave the loop ends the connection.
  for await (const chunk of response as AsyncIterable<Buffer>) {
    length += chunk.length
    if (length > ANSWER_BYTES_MAX) throw new Undecodable(`${where} answers with more than ${ANSWER_BYTES_MAX} bytes`)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}

function objectOf(text: string): Json | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Json) : undefined
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error // what JSON.parse throws for text that is not JSON
    return undefined
  }
}

const messageOf = (body: Json | undefined): string => (typeof body?.message === 'string' ? `: ${oneLine(body.message)}` : '')

const MESSAGE_MAX = 200

/** Text of somebody else's, fit to stand in a line of ours. */
export const oneLine = (text: string): string => {
  const line = text.replaceAll(/[\p{Cc}\s]+/gu, ' ').trim()
  return line.length > MESSAGE_MAX ? `${line.slice(0, MESSAGE_MAX)}…` : line
}
