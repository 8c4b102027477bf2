/** The options `tls` and `sasl` of `createKafka`: what they may be, checked and made ready for a connection. */
import { type ConnectTls, checkOptions, describe, flagOption, readBytes, TidemarkError, wordOption } from '@tidemark/platform'
import type { BearerToken } from '@tidemark/protocol'

export interface TlsOptions {
  /**
   * Certificates that are trusted: PEM text, or the path of a file of it. Default: those that Node brings. Kafka:
   * `ssl.truststore.*`.
   */
  readonly ca?: string | Buffer | readonly (string | Buffer)[]
  /** The client's own certificate: PEM text, or the path of a file of it. Kafka: `ssl.keystore.*`. */
  readonly cert?: string | Buffer
  /** The key of the certificate: PEM text, or the path of a file of it. */
  readonly key?: string | Buffer
  /** Certificate and key as PKCS#12: bytes, or the path of a file of it. */
  readonly pfx?: string | Buffer
  /** Of the key, or of the PKCS#12 store. Kafka: `ssl.key.password`. */
  readonly passphrase?: string
  /** The name that the server's certificate must have. Default: the host that is connected to. */
  readonly servername?: string
  /** False: any certificate will do. Never in production. Default: true. */
  readonly rejectUnauthorized?: boolean
  /**
   * False: a trusted certificate may have another name. Kafka: an empty `ssl.endpoint.identification.algorithm`.
   * Default: true.
   */
  readonly checkHostname?: boolean
  /** Default: TLSv1.2. */
  readonly minVersion?: 'TLSv1.2' | 'TLSv1.3'
}

export interface PlainOptions {
  readonly mechanism: 'plain'
  readonly username: string
  readonly password: string
}

export interface ScramOptions {
  readonly mechanism: 'scram-sha-256' | 'scram-sha-512'
  readonly username: string
  readonly password: string
}

export interface Token extends BearerToken {
  /** When it ends, in milliseconds since 1970: a new one is asked for before. */
  readonly expiresAtMs: number
}

export interface OAuthBearerOptions {
  readonly mechanism: 'oauthbearer'
  /** Called for each connection, and before a token ends. It may keep a token; `oidc()` does. */
  token(): Token | Promise<Token>
}

export type SaslOptions = PlainOptions | ScramOptions | OAuthBearerOptions

const MECHANISMS = ['plain', 'scram-sha-256', 'scram-sha-512', 'oauthbearer'] as const

/** Undefined: plain bytes. Throws `TidemarkError` INVALID_OPTION. */
export function resolveTls(tls: boolean | TlsOptions | undefined): ConnectTls | undefined {
  if (tls === undefined || tls === false) return undefined
  if (tls === true) return {}
  checkOptions<TlsOptions>("option 'tls'", tls, {
    ca: true,
    cert: true,
    key: true,
    pfx: true,
    passphrase: true,
    servername: true,
    rejectUnauthorized: true,
    checkHostname: true,
    minVersion: true,
  })
  const { ca, cert, key, pfx, passphrase, servername, minVersion } = tls
  if ((cert === undefined) !== (key === undefined))
    throw invalid('tls', cert === undefined ? "without 'cert'" : "without 'key'", "give 'cert' and 'key' together, or 'pfx'")
  return {
    ...(ca !== undefined && { ca: [ca].flat().map((one) => certificates('tls.ca', one as string | Buffer)) }),
    ...(cert !== undefined && { cert: pem('tls.cert', cert) }),
    ...(key !== undefined && { key: pem('tls.key', key) }),
    ...(pfx !== undefined && { pfx: typeof pfx === 'string' ? fileOf('tls.pfx', pfx) : pfx }),
    ...(passphrase !== undefined && { passphrase: textOption('tls.passphrase', passphrase) }),
    ...(servername !== undefined && { servername: textOption('tls.servername', servername) }),
    ...(minVersion !== undefined && { minVersion: wordOption('tls.minVersion', minVersion, ['TLSv1.2', 'TLSv1.3'] as const) }),
    rejectUnauthorized: flagOption('tls.rejectUnauthorized', tls.rejectUnauthorized ?? true),
    checkHostname: flagOption('tls.checkHostname', tls.checkHostname ?? true),
  }
}

export const invalid = (name: string, value: string, mayBe: string): TidemarkError =>
  new TidemarkError('INVALID_OPTION', `option '${name}' is ${value}: ${mayBe}`)

/** OpenSSL passes over whatever is not a certificate, and would then trust nobody. */
function certificates(name: string, value: string | Buffer): string | Buffer {
  const text = pem(name, value)
  if (text.includes('-----BEGIN CERTIFICATE-----') || text.includes('-----BEGIN TRUSTED CERTIFICATE-----')) return text
  const what = typeof value === 'string' && !value.includes('-----BEGIN') ? `the file '${value}'` : 'text'
  throw invalid(name, what, 'there is no certificate in it (-----BEGIN CERTIFICATE-----)')
}

/** PEM text as it is; any other text is the path of a file. */
function pem(name: string, value: string | Buffer): string | Buffer {
  if (Buffer.isBuffer(value)) return value
  if (typeof value !== 'string') throw invalid(name, describe(value), 'it must be PEM text, bytes, or the path of a file')
  return value.includes('-----BEGIN') ? value : fileOf(name, value)
}

function fileOf(name: string, path: string): Buffer {
  try {
    return readBytes(path)
  } catch (error) {
    throw new TidemarkError('INVALID_OPTION', `option '${name}' names a file that cannot be read: ${(error as Error).message}`, {
      cause: error,
    })
  }
}

export function textOption(name: string, value: unknown): string {
  if (typeof value === 'string' && value !== '') return value
  // What a secret is is never shown.
  throw invalid(name, typeof value === 'string' ? 'empty' : `not text but ${typeof value}`, 'it must be text')
}

/** Throws `TidemarkError` INVALID_OPTION. */
export function resolveSasl(sasl: SaslOptions | undefined): SaslOptions | undefined {
  if (sasl === undefined) return undefined
  if (typeof sasl !== 'object' || sasl === null)
    throw invalid('sasl', describe(sasl), "it must be an object such as { mechanism: 'scram-sha-512', username, password }")
  const mechanism = wordOption('sasl.mechanism', (sasl as Partial<SaslOptions>).mechanism as string, MECHANISMS)
  if (mechanism === 'oauthbearer') {
    checkOptions<OAuthBearerOptions>("option 'sasl'", sasl as OAuthBearerOptions, { mechanism: true, token: true })
    const { token } = sasl as OAuthBearerOptions
    if (typeof token !== 'function')
      throw invalid('sasl.token', describe(token), 'it must be a function that returns { value, expiresAtMs }')
    return secret({ mechanism, token })
  }
  checkOptions<PlainOptions | ScramOptions>("option 'sasl'", sasl as ScramOptions, { mechanism: true, username: true, password: true })
  const { username, password } = sasl as ScramOptions
  return secret({ mechanism, username: textOption('sasl.username', username), password: textOption('sasl.password', password) } as
    | PlainOptions
    | ScramOptions)
}

/** Neither printed nor made JSON of: logs of options do not show it. */
function secret<T extends SaslOptions>(options: T): T {
  const hidden = () => ({ mechanism: options.mechanism })
  return Object.defineProperties(options, {
    toJSON: { value: hidden, enumerable: false },
    [Symbol.for('nodejs.util.inspect.custom')]: { value: hidden, enumerable: false },
  })
}
