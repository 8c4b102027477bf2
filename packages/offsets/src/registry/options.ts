import type { RequestOptions } from 'node:https'
import type { TlsOptions } from '@tidemark/client'
import { resolveTls } from '@tidemark/client/internal'
import { checkOptions, describe, durationOption, nameOption, type OptionNames, TidemarkError } from '@tidemark/platform'

export interface SchemaRegistryOptions {
  /**
   * `https://registry.example.org:8081`, also with a path; several are separated by commas, and the next is taken where
   * one cannot be reached, or does not answer within its share of `timeoutMs`. `https://NAME:PASSWORD@…` is HTTP basic
   * authentication, as are `username` and `password`; it stands in the first address, and goes to all.
   */
  readonly url: string
  readonly username?: string
  readonly password?: string
  /** A token for `Authorization: Bearer`, instead of a name and a password. */
  readonly token?: string
  /**
   * Which certificates are trusted, and the one that is shown, as for brokers. Default: those that Node brings, and
   * none.
   */
  readonly tls?: TlsOptions
  /** How long it may take to read a schema, with those that it refers to. Default: 5,000. */
  readonly timeoutMs?: number
}

export interface ResolvedRegistry {
  /** Without credentials; they end with a slash. */
  readonly bases: readonly URL[]
  readonly authorization: string | undefined
  readonly timeoutMs: number
  /** For `node:https`. */
  readonly tls: RequestOptions
}

const NAMES: OptionNames<SchemaRegistryOptions> = { url: true, username: true, password: true, token: true, tls: true, timeoutMs: true }

const invalid = (message: string): TidemarkError => new TidemarkError('INVALID_OPTION', message)

/** Throws `TidemarkError` INVALID_OPTION; a password is never in its message. */
export function resolveRegistry(options: SchemaRegistryOptions): ResolvedRegistry {
  checkOptions<SchemaRegistryOptions>('createSchemaRegistry()', options, NAMES)
  const urls = nameOption('url', options.url)
    .split(',')
    .map((text) => urlOf(text.trim()))
  const [first, ...others] = urls as [URL, ...URL[]]
  const fromUrl = credentialsOf(first)
  // There is one name and one password for all of them: another one would never be sent.
  if (others.some(({ username, password }) => username + password !== '' && (username !== first.username || password !== first.password)))
    throw invalid("option 'url' has a name or password in an address that is not the first; those of the first go to all addresses")
  const username = options.username === undefined ? fromUrl.username : nameOption('username', options.username)
  const password = options.password ?? fromUrl.password
  if (typeof password !== 'string') throw invalid(`option 'password' is ${describe(password)}; it must be text`)
  if (username === '' && password !== '') throw invalid("option 'username' is missing beside the password of the schema registry")
  const token = options.token === undefined ? undefined : nameOption('token', options.token)
  if (token !== undefined && username !== '') throw invalid("options 'token' and 'username' exclude each other")
  // Fetch itself would throw, with the token in its message.
  if (token !== undefined && !/^[\x21-\x7e]+$/.test(token)) throw invalid("option 'token' has characters that no header may have")
  const basic = Buffer.from(`${username}:${password}`).toString('base64')
  return {
    bases: urls.map((url) => new URL(`${url.origin}${url.pathname.replace(/\/*$/, '/')}`)),
    authorization: token !== undefined ? `Bearer ${token}` : username === '' ? undefined : `Basic ${basic}`,
    timeoutMs: durationOption('timeoutMs', options.timeoutMs ?? 5_000),
    tls: tlsOf(options.tls),
  }
}

function tlsOf(given: TlsOptions | undefined): RequestOptions {
  const { checkHostname, ...tls } = resolveTls(given) ?? {}
  return { ...(tls as RequestOptions), ...(checkHostname === false && { checkServerIdentity: () => undefined }) }
}

function urlOf(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (url === undefined || (url.protocol !== 'https:' && url.protocol !== 'http:')) {
    // A text that is not a URL may still have a password in it.
    const shown = text.replace(/[^/@]*@/, '…@')
    throw invalid(`option 'url' is ${describe(shown)}; it must be the http or https address of a schema registry`)
  }
  return url
}

function credentialsOf({ username, password }: URL): { readonly username: string; readonly password: string } {
  try {
    return { username: decodeURIComponent(username), password: decodeURIComponent(password) }
  } catch (error) {
    if (!(error instanceof URIError)) throw error
    throw invalid("option 'url' has a name or password with a '%' that is not written %25, or bytes that are not UTF-8")
  }
}
