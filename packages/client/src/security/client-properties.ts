/**
 * Java's `client.properties` as options of `createKafka`: what brings a program over, or a tool to a cluster that has
 * such a file.
 */
import { advice, checkOptions, countOption, nameOption, readBytes, TidemarkError } from '@tidemark/platform'
import type { KafkaOptions } from '../options.ts'
import { type LoginModule, parseJaas } from './jaas.ts'
import { ENDPOINT, isEndpoint, oidc } from './oidc.ts'
import type { SaslOptions, TlsOptions } from './options.ts'
import { parseProperties } from './properties.ts'

export interface ClientProperties {
  /** For `createKafka`. `brokers` is missing where the file has no `bootstrap.servers`. */
  readonly options: Omit<KafkaOptions, 'brokers'> & { readonly brokers?: readonly string[] }
  /**
   * Where the schemas of keys and values are: `schema.registry.url`, and how Confluent's serializers authenticate
   * there.
   */
  readonly schemaRegistry?: SchemaRegistrySettings
  /** Settings that Tidemark does not have, or has elsewhere: those of consumers and producers. */
  readonly ignored: readonly string[]
}

/** For `createSchemaRegistry` of `@tidemark/offsets`. */
export interface SchemaRegistrySettings {
  readonly url: string
  readonly username?: string
  readonly password?: string
  readonly token?: string
  /** `schema.registry.ssl.*`. */
  readonly tls?: TlsOptions
}

export interface ClientPropertiesOptions {
  /** Where the schema registry is, whatever `schema.registry.url` says: how it is reached is what the file says. */
  readonly schemaRegistryUrl?: string
}

/**
 * Reads a file of Java's clients (`client.properties`): brokers, TLS, SASL, time limits. Stores may be PEM; a keystore
 * also PKCS#12. Paths are relative to the working directory, and the file is ISO-8859-1, as in Java.
 *
 *     const { options } = readClientProperties('client.properties')
 *     const kafka = createKafka({ brokers: ['kafka.example.org:9093'], ...options })
 *
 * Throws `TidemarkError` INVALID_OPTION: the file cannot be read, or a setting cannot be followed.
 */
export function readClientProperties(file: string, options: ClientPropertiesOptions = {}): ClientProperties {
  if (typeof file !== 'string') throw new TidemarkError('INVALID_OPTION', 'readClientProperties() takes the path of a file')
  const url = registryUrlOf('readClientProperties()', options)
  return withName(file, () => optionsOf(parseProperties(bytesOf(file).toString('latin1')), url))
}

/** The same from text that is at hand: of an environment variable, of a secret. */
export function clientProperties(text: string, options: ClientPropertiesOptions = {}): ClientProperties {
  if (typeof text !== 'string') throw new TidemarkError('INVALID_OPTION', 'clientProperties() takes the text of a file')
  const url = registryUrlOf('clientProperties()', options)
  return withName('the properties', () => optionsOf(parseProperties(text), url))
}

function registryUrlOf(owner: string, options: ClientPropertiesOptions): string | undefined {
  checkOptions<ClientPropertiesOptions>(owner, options, { schemaRegistryUrl: true })
  const { schemaRegistryUrl } = options
  return schemaRegistryUrl === undefined ? undefined : nameOption('schemaRegistryUrl', schemaRegistryUrl)
}

/** Errors say in which file. */
function withName(name: string, read: () => ClientProperties): ClientProperties {
  try {
    return read()
  } catch (error) {
    if (!(error instanceof SyntaxError) && !(error instanceof TidemarkError)) throw error
    throw new TidemarkError('INVALID_OPTION', `${name}: ${error.message}`, { cause: error })
  }
}

class Settings {
  readonly #values: Map<string, string>
  readonly #read = new Set<string>()

  constructor(values: Map<string, string>) {
    this.#values = values
  }

  /** Undefined also where it is empty, as where it is missing. */
  text(key: string): string | undefined {
    return this.raw(key) || undefined
  }

  raw(key: string): string | undefined {
    this.#read.add(key)
    return this.#values.get(key)?.trim()
  }

  number(key: string, min = 0): number | undefined {
    const text = this.text(key)
    return text === undefined ? undefined : countOption(key, /^-?\d+$/.test(text) ? Number(text) : text, min)
  }

  unread(): string[] {
    return [...this.#values.keys()].filter((key) => !this.#read.has(key))
  }
}

const PROTOCOLS = ['PLAINTEXT', 'SSL', 'SASL_PLAINTEXT', 'SASL_SSL']

function optionsOf(values: Map<string, string>, registryUrl: string | undefined): ClientProperties {
  const settings = new Settings(values)
  const protocol = (settings.text('security.protocol') ?? 'PLAINTEXT').toUpperCase()
  if (!PROTOCOLS.includes(protocol)) throw unusable('security.protocol', `is '${protocol}'; it may be ${PROTOCOLS.join(', ')}`)
  const brokers = settings
    .text('bootstrap.servers')
    ?.split(',')
    .map((address) => address.trim().replace(/^[A-Za-z0-9_]+:\/\//, ''))
    .filter(Boolean)
  const idleMs = settings.number('connections.max.idle.ms', -1)
  const delayMs = settings.number('retry.backoff.ms', 1)
  const delayMaxMs = settings.number('retry.backoff.max.ms', 1)
  const options = {
    brokers,
    clientId: settings.text('client.id'),
    tls: protocol.endsWith('SSL') ? tlsOf(settings) : undefined,
    sasl: protocol.startsWith('SASL') ? saslOf(settings) : undefined,
    requestTimeoutMs: settings.number('request.timeout.ms', 1),
    connectTimeoutMs: settings.number('socket.connection.setup.timeout.ms', 1),
    connectionIdleMs: idleMs !== undefined && idleMs < 0 ? Infinity : idleMs,
    metadataMaxAgeMs: settings.number('metadata.max.age.ms', 1),
    retry: delayMs === undefined && delayMaxMs === undefined ? undefined : given({ delayMs, delayMaxMs }),
  }
  const schemaRegistry = schemaRegistryOf(settings, options.sasl, registryUrl)
  return { options: given(options), ...(schemaRegistry !== undefined && { schemaRegistry }), ignored: settings.unread() }
}

function schemaRegistryOf(
  settings: Settings,
  sasl: SaslOptions | undefined,
  given: string | undefined,
): SchemaRegistrySettings | undefined {
  const own = settings.text('schema.registry.url')
  const url = given ?? own
  const login = registryLoginOf(settings, sasl)
  if (url === undefined) return undefined
  const tls = tlsOf(settings, 'schema.registry.')
  return { url, ...login(), ...(Object.keys(tls).length > 0 && { tls }) }
}

/** The prefix is what Kafka Connect and others put before it. Without a registry nothing of it is looked at. */
function registryLoginOf(settings: Settings, sasl: SaslOptions | undefined): () => Omit<SchemaRegistrySettings, 'url'> {
  const setting = (name: string): string | undefined => settings.text(`schema.registry.${name}`) ?? settings.text(name)
  const source = setting('basic.auth.credentials.source')
  const userInfo = setting('basic.auth.user.info')
  const token = setting('bearer.auth.token')
  setting('bearer.auth.credentials.source')
  return () => {
    if (token !== undefined) return { token }
    if (source === 'SASL_INHERIT' && sasl !== undefined && 'password' in sasl) return { username: sasl.username, password: sasl.password }
    if (userInfo === undefined) return {}
    const colon = userInfo.indexOf(':')
    if (colon <= 0) throw unusable('basic.auth.user.info', 'must be a name and a password, with a colon between them')
    return { username: userInfo.slice(0, colon), password: userInfo.slice(colon + 1) }
  }
}

type Given<T> = { [K in keyof T]?: Exclude<T[K], undefined> }

const given = <T extends object>(options: T): Given<T> =>
  Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as Given<T>

const unusable = (key: string, why: string): TidemarkError => new TidemarkError('INVALID_OPTION', `'${key}' ${why}`)

/** `prefix` is of the settings for a schema registry. */
function tlsOf(settings: Settings, prefix = ''): TlsOptions {
  const isNameChecked = settings.raw(`${prefix}ssl.endpoint.identification.algorithm`) !== ''
  const versions = settings.text(`${prefix}ssl.enabled.protocols`)?.split(',')
  return {
    ...trustOf(settings, `${prefix}ssl.truststore`),
    ...identityOf(settings, prefix),
    ...(!isNameChecked && { checkHostname: false }),
    ...(versions?.length === 1 && versions[0]!.trim() === 'TLSv1.3' && { minVersion: 'TLSv1.3' as const }),
  }
}

function trustOf(settings: Settings, name: string): TlsOptions {
  const inline = settings.text(`${name}.certificates`)
  const location = settings.text(`${name}.location`)
  settings.text(`${name}.type`)
  settings.text(`${name}.password`)
  if (inline !== undefined) return { ca: pemLines(`${name}.certificates`, inline) }
  if (location === undefined) return {}
  const store = storeOf(`${name}.location`, location)
  if (kindOf(store) === 'PEM') {
    if (!store.includes('-----BEGIN CERTIFICATE-----')) {
      throw unusable(`${name}.location`, `is '${location}', and there is no certificate in it (-----BEGIN CERTIFICATE-----)`)
    }
    return { ca: store }
  }
  const convert = `keytool -list -rfc -keystore ${location} > ca.pem`
  throw unusable(`${name}.location`, `is a ${kindOf(store)} store; make PEM of it (${convert}), and set '${name}.type' to PEM`)
}

function identityOf(settings: Settings, prefix: string): TlsOptions {
  const name = `${prefix}ssl.keystore`
  const chain = settings.text(`${name}.certificate.chain`)
  const inlineKey = settings.text(`${name}.key`)
  const location = settings.text(`${name}.location`)
  const keyPassword = settings.text(`${prefix}ssl.key.password`)
  const storePassword = settings.text(`${name}.password`)
  settings.text(`${name}.type`)
  const passphraseOf = (passphrase: string | undefined) => (passphrase === undefined ? {} : { passphrase })
  if (chain !== undefined && inlineKey !== undefined) {
    const cert = pemLines(`${name}.certificate.chain`, chain)
    return { cert, key: pemLines(`${name}.key`, inlineKey), ...passphraseOf(keyPassword) }
  }
  if (chain !== undefined || inlineKey !== undefined) {
    throw unusable(`${name}.key`, `and '${name}.certificate.chain' must be given together`)
  }
  if (location === undefined) return {}
  const store = storeOf(`${name}.location`, location)
  if (kindOf(store) === 'PEM') return { cert: store, key: store, ...passphraseOf(keyPassword) }
  if (kindOf(store) === 'PKCS12') return { pfx: store, ...passphraseOf(storePassword ?? keyPassword) }
  const convert = `keytool -importkeystore -srckeystore ${location} -destkeystore ${location.replace(/\.jks$/, '')}.p12 -deststoretype PKCS12`
  throw unusable(`${name}.location`, `is a JKS store; convert it: ${convert}`)
}

/** By its first bytes, as Java takes a store of either kind whatever its type is said to be. */
function kindOf(store: Buffer): 'PEM' | 'PKCS12' | 'JKS' {
  if (store.subarray(0, 4).toString('hex') === 'feedfeed') return 'JKS'
  return store[0] === 0x30 ? 'PKCS12' : 'PEM'
}

/** PEM whose line breaks a properties file may have lost. */
function pemLines(key: string, text: string): string {
  const blocks = [...text.matchAll(/-----BEGIN ([A-Z0-9 ]+)-----([\s\S]*?)-----END \1-----/g)]
  if (blocks.length === 0) throw unusable(key, 'is not PEM: there is no -----BEGIN …-----')
  return blocks
    .map(([, label, body]) => {
      const base64 = body!.replaceAll(/\s+/g, '').match(/.{1,64}/g) ?? []
      return [`-----BEGIN ${label}-----`, ...base64, `-----END ${label}-----`, ''].join('\n')
    })
    .join('')
}

function bytesOf(path: string): Buffer {
  try {
    return readBytes(path)
  } catch (error) {
    throw new TidemarkError('INVALID_OPTION', `the file cannot be read: ${(error as Error).message}`, { cause: error })
  }
}

function storeOf(key: string, path: string): Buffer {
  try {
    return readBytes(path)
  } catch (error) {
    const isMissing = (error as NodeJS.ErrnoException).code === 'ENOENT'
    const why = isMissing ? 'there is no such file (a path begins in the working directory, as in Java)' : (error as Error).message
    throw unusable(key, `is '${path}', which cannot be read: ${why}`)
  }
}

/** Java's default mechanism is Kerberos. */
function saslOf(settings: Settings): SaslOptions {
  const mechanism = settings.text('sasl.mechanism') ?? 'GSSAPI'
  const login = loginOf(settings)
  if (mechanism === 'PLAIN') return { mechanism: 'plain', ...credentialsOf(login, 'PlainLoginModule') }
  if (mechanism === 'SCRAM-SHA-256' || mechanism === 'SCRAM-SHA-512') {
    if (login?.options.get('tokenauth') === 'true') throw unusable('sasl.jaas.config', 'has tokenauth: delegation tokens are not supported')
    return {
      mechanism: mechanism === 'SCRAM-SHA-256' ? 'scram-sha-256' : 'scram-sha-512',
      ...credentialsOf(login, 'ScramLoginModule'),
    }
  }
  if (mechanism === 'OAUTHBEARER') return { mechanism: 'oauthbearer', token: tokenOf(settings, login) }
  const hint = mechanism === 'AWS_MSK_IAM' ? `; for Amazon MSK: ${advice().tokensFromElsewhere}` : ''
  const what =
    settings.text('sasl.mechanism') === undefined ? `is not given, and Java's default is ${mechanism} (Kerberos)` : `is ${mechanism}`
  throw unusable('sasl.mechanism', `${what}; it may be PLAIN, SCRAM-SHA-256, SCRAM-SHA-512, OAUTHBEARER${hint}`)
}

function loginOf(settings: Settings): LoginModule | undefined {
  const text = settings.text('sasl.jaas.config')
  if (text === undefined) return undefined
  try {
    return parseJaas(text)
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error
    throw unusable('sasl.jaas.config', `cannot be read: ${error.message}`)
  }
}

function credentialsOf(login: LoginModule | undefined, module: string): { username: string; password: string } {
  if (login === undefined) throw unusable('sasl.jaas.config', 'is missing: it has the user and the password')
  if (!login.name.endsWith(module)) throw unusable('sasl.jaas.config', `has ${login.name}; for this mechanism it must be ${module}`)
  const [username, password] = [login.options.get('username'), login.options.get('password')]
  if (!username || !password) throw unusable('sasl.jaas.config', 'must have a username and a password')
  return { username, password }
}

function tokenOf(settings: Settings, login: LoginModule | undefined): ReturnType<typeof oidc> {
  settings.text('sasl.login.callback.handler.class')
  const option = (key: string, inLogin: string): string | undefined => settings.text(key) ?? login?.options.get(inLogin)
  const tokenEndpoint = settings.text('sasl.oauthbearer.token.endpoint.url')
  const clientId = option('sasl.oauthbearer.client.credentials.client.id', 'clientId')
  const clientSecret = option('sasl.oauthbearer.client.credentials.client.secret', 'clientSecret')
  const scope = option('sasl.oauthbearer.scope', 'scope')
  if (tokenEndpoint === undefined) {
    throw unusable('sasl.oauthbearer.token.endpoint.url', `is missing; for tokens from elsewhere: ${advice().tokensFromElsewhere}`)
  }
  if (!isEndpoint(tokenEndpoint)) throw unusable('sasl.oauthbearer.token.endpoint.url', `is '${tokenEndpoint}': ${ENDPOINT}`)
  if (clientId === undefined || clientSecret === undefined) {
    throw unusable('sasl.oauthbearer.client.credentials.client.id', 'and its client.secret must be given')
  }
  const extensions = Object.fromEntries(
    [...(login?.options ?? [])].filter(([key]) => key.startsWith('extension_')).map(([key, value]) => [key.slice(10), value]),
  )
  return oidc({
    tokenEndpoint,
    clientId,
    clientSecret,
    ...(scope !== undefined && { scope }),
    ...(Object.keys(extensions).length > 0 && { extensions }),
  })
}
