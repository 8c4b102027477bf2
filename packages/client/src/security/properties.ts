/**
 * Java's `client.properties`, read into options of `createKafka`: who has one for Kafka's own tools need not write it down
 * again. The syntax is that of `java.util.Properties`, the keys are Kafka's.
 */
import { readBytes, TidemarkError } from '@tidemark/platform'
import type { KafkaOptions } from '../options.ts'
import { oidc } from './oidc.ts'
import type { SaslOptions, TlsOptions } from './options.ts'

export interface ClientProperties {
  /** For `createKafka`; `brokers` is there if the file names them. */
  readonly options: Partial<KafkaOptions>
  /** Keys that say nothing here, in the order of the file. */
  readonly ignored: readonly string[]
}

/**
 * Reads the file. Throws `TidemarkError` INVALID_OPTION for one that cannot be read or understood, and for a JKS store, with the
 * line that converts it.
 *
 * ```ts
 * const { options } = readClientProperties('client.properties')
 * await using kafka = createKafka({ brokers: ['kafka:9092'], ...options })
 * ```
 */
export function readClientProperties(path: string): ClientProperties {
  let text: string
  try {
    text = readBytes(path).toString('utf8')
  } catch (cause) {
    throw new TidemarkError('INVALID_OPTION', `the file of client properties cannot be read: ${(cause as Error).message}`, { cause })
  }
  return clientProperties(text)
}

/** The same of the text of such a file. */
export function clientProperties(text: string): ClientProperties {
  const properties = parseProperties(text)
  const used = new Set<string>()
  const get = (key: string): string | undefined => {
    const value = properties.get(key)?.trim()
    if (value !== undefined) used.add(key)
    return value === '' && key !== IDENTIFICATION ? undefined : value
  }
  const protocol = (get('security.protocol') ?? 'PLAINTEXT').toUpperCase()
  if (!PROTOCOLS.includes(protocol)) throw invalid('security.protocol', `is ${protocol}; it must be ${PROTOCOLS.join(', ')}`)
  const number = (key: string): number | undefined => {
    const value = get(key)
    if (value === undefined) return undefined
    if (!/^\d+$/.test(value)) throw invalid(key, `is '${value}'; it must be a number`)
    return Number(value)
  }
  const given = {
    brokers: get('bootstrap.servers')
      ?.split(',')
      .map((address) => address.trim()),
    clientId: get('client.id'),
    requestTimeoutMs: number('request.timeout.ms'),
    connectTimeoutMs: number('socket.connection.setup.timeout.ms'),
    metadataMaxAgeMs: number('metadata.max.age.ms'),
    connectionIdleMs: number('connections.max.idle.ms'),
    tls: protocol.endsWith('SSL') ? tlsOf(get) : undefined,
    sasl: protocol.startsWith('SASL') ? saslOf(get) : undefined,
  }
  const options = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)) as Partial<KafkaOptions>
  return { options, ignored: [...properties.keys()].filter((key) => !used.has(key)) }
}

type Get = (key: string) => string | undefined

const PROTOCOLS = ['PLAINTEXT', 'SSL', 'SASL_PLAINTEXT', 'SASL_SSL']
const IDENTIFICATION = 'ssl.endpoint.identification.algorithm'

const invalid = (key: string, what: string): TidemarkError => new TidemarkError('INVALID_OPTION', `${key} ${what}`)

function tlsOf(get: Get): TlsOptions {
  const passphrase = get('ssl.key.password')
  const tls = { ...storeOf(get, 'truststore'), ...identityOf(get, passphrase) }
  return get(IDENTIFICATION) === '' ? { ...tls, checkHostname: false } : tls
}

/** JKS is what Java takes a store for unless it is told. */
function typeOf(get: Get, store: 'truststore' | 'keystore'): string | undefined {
  const location = get(`ssl.${store}.location`)
  const isText = get(`ssl.${store}.certificates`) ?? get(`ssl.${store}.certificate.chain`)
  if (location === undefined && isText === undefined) return undefined
  const type = (get(`ssl.${store}.type`) ?? 'JKS').toUpperCase()
  if (type === 'PEM' || type === 'PKCS12') return type
  if (type !== 'JKS') throw invalid(`ssl.${store}.type`, `is ${type}; it must be PEM or PKCS12`)
  const target = `${location?.replace(/\.jks$/i, '') ?? store}.p12`
  throw invalid(
    `ssl.${store}.location`,
    `is a JKS store, which only Java reads; convert it with: keytool -importkeystore -srckeystore ${location} -destkeystore ${target} -deststoretype PKCS12, and set ssl.${store}.type=PKCS12`,
  )
}

function storeOf(get: Get, store: 'truststore'): TlsOptions {
  const type = typeOf(get, store)
  get(`ssl.${store}.password`)
  if (type === undefined) return {}
  if (type === 'PKCS12') {
    throw invalid(
      'ssl.truststore.type',
      'is PKCS12, of which Node.js reads no certificates that are trusted; write them out with: openssl pkcs12 -in STORE -nokeys -out ca.pem, and set ssl.truststore.type=PEM',
    )
  }
  const text = get('ssl.truststore.certificates')
  return { ca: text ?? get('ssl.truststore.location')! }
}

function identityOf(get: Get, passphrase: string | undefined): TlsOptions {
  const type = typeOf(get, 'keystore')
  const password = get('ssl.keystore.password')
  if (type === undefined) return {}
  const withPassphrase = (value: string | undefined): TlsOptions => (value === undefined ? {} : { passphrase: value })
  if (type === 'PKCS12') return { pfx: get('ssl.keystore.location')!, ...withPassphrase(password) }
  const [cert, key] = [get('ssl.keystore.certificate.chain'), get('ssl.keystore.key')]
  const location = get('ssl.keystore.location')
  // A PEM store is one file with both.
  const identity = cert !== undefined && key !== undefined ? { cert, key } : { cert: location!, key: location! }
  return { ...identity, ...withPassphrase(passphrase) }
}

function saslOf(get: Get): SaslOptions {
  const mechanism = get('sasl.mechanism')?.toUpperCase()
  const jaas = jaasOf(get('sasl.jaas.config'))
  get('sasl.login.callback.handler.class')
  const need = (key: string): string => {
    const value = jaas.get(key)
    if (value === undefined) throw invalid('sasl.jaas.config', `has no ${key}`)
    return value
  }
  switch (mechanism) {
    case 'PLAIN':
      return { mechanism: 'plain', username: need('username'), password: need('password') }
    case 'SCRAM-SHA-256':
    case 'SCRAM-SHA-512':
      return {
        mechanism: mechanism === 'SCRAM-SHA-256' ? 'scram-sha-256' : 'scram-sha-512',
        username: need('username'),
        password: need('password'),
      }
    case 'OAUTHBEARER': {
      const tokenEndpoint = get('sasl.oauthbearer.token.endpoint.url')
      if (tokenEndpoint === undefined) throw invalid('sasl.oauthbearer.token.endpoint.url', 'is missing: tokens are asked for there')
      const clientId = get('sasl.oauthbearer.client.credentials.client.id') ?? need('clientId')
      const clientSecret = get('sasl.oauthbearer.client.credentials.client.secret') ?? need('clientSecret')
      const scope = get('sasl.oauthbearer.scope') ?? jaas.get('scope')
      const extensions = Object.fromEntries(
        [...jaas].filter(([key]) => key.startsWith('extension_')).map(([key, value]) => [key.slice('extension_'.length), value]),
      )
      const token = oidc({
        tokenEndpoint,
        clientId,
        clientSecret,
        ...(scope !== undefined && { scope }),
        ...(Object.keys(extensions).length > 0 && { extensions }),
      })
      return { mechanism: 'oauthbearer', token }
    }
    default:
      throw invalid('sasl.mechanism', `is ${mechanism ?? 'missing'}; PLAIN, SCRAM-SHA-256, SCRAM-SHA-512 and OAUTHBEARER are spoken here`)
  }
}

/** `module required name="value" …;` */
function jaasOf(text: string | undefined): ReadonlyMap<string, string> {
  const found = new Map<string, string>()
  if (text === undefined) return found
  const match = /^\s*\S+\s+(?:required|requisite|sufficient|optional)\b(.*)$/is.exec(text)
  if (match === null)
    throw invalid('sasl.jaas.config', 'is not a login module with its options, such as: … required username="app" password="…";')
  for (const [, key, quoted, single, bare] of match[1]!.matchAll(
    /([\w.]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|'((?:[^'\\]|\\.)*)'|([^\s;"']+))/g,
  )) {
    found.set(key!, (quoted ?? single)?.replaceAll(/\\(.)/g, '$1') ?? bare!)
  }
  return found
}

const ESCAPES: Readonly<Record<string, string>> = { t: '\t', n: '\n', r: '\r', f: '\f' }

/** Lines as `java.util.Properties.load` has them: comments, continuations, escapes; the last of two equal keys counts. */
export function parseProperties(text: string): Map<string, string> {
  const found = new Map<string, string>()
  const lines = text.split(/\r\n|\r|\n/)
  for (let i = 0; i < lines.length; i++) {
    let line = lines[i]!.replace(/^[ \t\f]+/, '')
    if (line === '' || line.startsWith('#') || line.startsWith('!')) continue
    while (/(?:^|[^\\])(?:\\\\)*\\$/.test(line) && i + 1 < lines.length) line = line.slice(0, -1) + lines[++i]!.replace(/^[ \t\f]+/, '')
    const [, key = '', value = ''] = /^((?:\\.|[^\\=: \t\f])*)[ \t\f]*[=:]?[ \t\f]*(.*)$/s.exec(line) ?? []
    found.set(unescaped(key), unescaped(value))
  }
  return found
}

const unescaped = (text: string): string =>
  text.replaceAll(/\\(?:u([0-9a-fA-F]{4})|(.?))/gs, (_, code?: string, one?: string) =>
    code === undefined ? (ESCAPES[one ?? ''] ?? one ?? '') : String.fromCharCode(Number.parseInt(code, 16)),
  )
