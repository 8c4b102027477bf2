/**
 * Python's clients on our broker with TLS and SASL: kafka-python, and confluent-kafka, whose wheel brings librdkafka
 * with OpenSSL.
 */
import { existsSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Report } from '../report.ts'
import { CACHE, make, run } from '../tools.ts'
import { type Certificates, OTHER_PASSWORD, USER } from './parties.ts'
import { startSecured } from './secured-broker.ts'

const FOLDER = path.join(CACHE, 'python-security')
const PYTHON = path.join(FOLDER, 'bin', 'python')
const READY = path.join(FOLDER, 'ready')
const CLIENTS = fileURLToPath(new URL('python_clients.py', import.meta.url))
const PACKAGES = 'kafka-python==2.0.2 confluent-kafka==2.16.1'

const BOTH = ['kafka-python', 'librdkafka'] as const
type ClientName = (typeof BOTH)[number]

/** In the words of librdkafka; kafka-python's are derived. */
interface Wish {
  readonly listener: 'saslPlain' | 'saslTls' | 'mutual'
  readonly mechanism?: 'PLAIN' | 'SCRAM-SHA-256' | 'SCRAM-SHA-512' | 'OAUTHBEARER'
  readonly password?: string
  readonly claims?: object
  readonly trust?: 'ca' | 'foreign'
  readonly identity?: 'app' | 'stranger' | 'expired'
  readonly host?: string
  /** What the client says; absent: it is let in. */
  readonly refused?: Readonly<Record<ClientName, RegExp>>
}

const both = (said: RegExp): Record<ClientName, RegExp> => ({ 'kafka-python': said, librdkafka: said })
const IN_TLS = both(/SSL|certificate/)
/** Node's server ends the connection without an alert, after a handshake that TLS 1.3 lets the client call complete. */
const AFTER_TLS = { 'kafka-python': /^\w+: /, librdkafka: /SSL|_TRANSPORT|_ALL_BROKERS_DOWN/ }
const AUTHENTICATION = both(/AuthenticationFailed|NoBrokersAvailable|_AUTHENTICATION|authentication/i)

const WISHES: Readonly<Record<string, Wish>> = {
  'PLAIN over TLS': { listener: 'saslTls', mechanism: 'PLAIN' },
  'PLAIN without TLS': { listener: 'saslPlain', mechanism: 'PLAIN' },
  'SCRAM-SHA-256 over TLS': { listener: 'saslTls', mechanism: 'SCRAM-SHA-256' },
  'SCRAM-SHA-512 over TLS': { listener: 'saslTls', mechanism: 'SCRAM-SHA-512' },
  'SCRAM-SHA-512 without TLS': { listener: 'saslPlain', mechanism: 'SCRAM-SHA-512' },
  'OAUTHBEARER over TLS': { listener: 'saslTls', mechanism: 'OAUTHBEARER', claims: { sub: 'alice' } },
  'a certificate of the client': { listener: 'mutual', identity: 'app' },
  'PLAIN with a wrong password': { listener: 'saslTls', mechanism: 'PLAIN', password: OTHER_PASSWORD, refused: AUTHENTICATION },
  'SCRAM-SHA-256 with a wrong password': {
    listener: 'saslPlain',
    mechanism: 'SCRAM-SHA-256',
    password: OTHER_PASSWORD,
    refused: AUTHENTICATION,
  },
  'SCRAM-SHA-512 with a wrong password': {
    listener: 'saslTls',
    mechanism: 'SCRAM-SHA-512',
    password: OTHER_PASSWORD,
    refused: AUTHENTICATION,
  },
  'a token that has expired': { listener: 'saslTls', mechanism: 'OAUTHBEARER', claims: { sub: 'alice', exp: 1 }, refused: AUTHENTICATION },
  'a certificate of the broker that is not trusted': {
    listener: 'saslTls',
    mechanism: 'PLAIN',
    trust: 'foreign',
    refused: IN_TLS,
  },
  'another host name than the certificate has': {
    listener: 'saslTls',
    mechanism: 'PLAIN',
    host: 'localhost',
    refused: IN_TLS,
  },
  'no certificate of the client': { listener: 'mutual', refused: AFTER_TLS },
  'a foreign certificate of the client': {
    listener: 'mutual',
    identity: 'stranger',
    refused: AFTER_TLS,
  },
  'a certificate of the client that has expired': {
    listener: 'mutual',
    identity: 'expired',
    refused: AFTER_TLS,
  },
}

export async function pythonOnOurs(report: Report, folder: string, certificates: Certificates): Promise<void> {
  await install()
  await using broker = await startSecured(certificates)
  const { ca, foreign, app } = certificates
  const files = filesIn(folder, {
    ca,
    foreign,
    app,
    stranger: await foreign.sign('CN=app'),
    expired: await ca.sign('CN=app', { toMs: Date.now() - 60_000 }),
  })
  const cases = Object.entries(WISHES).flatMap(([name, wish], i) =>
    BOTH.map((client) => ({
      name: `${client}: ${name}`,
      client,
      topic: `python-${i}-${client}`,
      wish,
      settings: settingsOf(client, wish, broker.addresses[wish.listener], files),
    })),
  )
  const { stdout, stderr } = await run(PYTHON, [CLIENTS], JSON.stringify(cases), 120_000)
  const outcomes = new Map(
    stdout
      .split('\n')
      .filter((line) => line.startsWith('{'))
      .map((line) => JSON.parse(line) as { name: string; outcome: string })
      .map(({ name, outcome }) => [name, outcome]),
  )
  for (const { name, client, wish } of cases) {
    const why = wish.refused?.[client]
    await report.check(`${name}${why === undefined ? '' : ' is refused'}`, () => {
      const outcome = outcomes.get(name) ?? `nothing was said: ${stderr.slice(-600)}`
      if (why === undefined ? outcome !== 'accepted' : outcome === 'accepted' || !why.test(outcome)) throw new Error(outcome)
    })
  }
  await report.check('what was refused is told by the broker, without passwords and tokens', () => {
    const told = broker.told.join('\n')
    for (const secret of [USER.password, OTHER_PASSWORD, 'eyJ']) if (told.includes(secret)) throw new Error(`'${secret}' is told`)
    for (const said of [/wrong password|authentication/i, /certificate/i]) if (!said.test(told)) throw new Error(`not ${said}: ${told}`)
  })
}

type Files = Readonly<Record<'ca' | 'foreign' | 'app' | 'stranger' | 'expired', { readonly cert: string; readonly key: string }>>

function filesIn(folder: string, parties: Readonly<Record<keyof Files, { readonly cert: string; readonly key?: string }>>): Files {
  const write = (name: string, text: string): string => {
    const file = path.join(folder, name)
    writeFileSync(file, text, { mode: 0o600 })
    return file
  }
  const entries = Object.entries(parties).map(([name, { cert, key = '' }]) => [
    name,
    { cert: write(`${name}.pem`, cert), key: write(`${name}.key`, key) },
  ])
  return Object.fromEntries(entries) as Files
}

function settingsOf(client: ClientName, wish: Wish, address: string, files: Files): Record<string, unknown> {
  const { listener, mechanism, password = USER.password, claims, trust = 'ca', identity, host } = wish
  const servers = host === undefined ? address : address.replace('127.0.0.1', host)
  const protocol = { saslPlain: 'SASL_PLAINTEXT', saslTls: 'SASL_SSL', mutual: 'SSL' }[listener]
  const isNamed = mechanism !== undefined && mechanism !== 'OAUTHBEARER'
  const own = identity && files[identity]
  const oauth = claims === undefined ? {} : { claims }
  if (client === 'librdkafka') {
    return {
      'bootstrap.servers': servers,
      'security.protocol': protocol,
      ...(listener !== 'saslPlain' && { 'ssl.ca.location': files[trust].cert }),
      ...(own && { 'ssl.certificate.location': own.cert, 'ssl.key.location': own.key }),
      ...(mechanism && { 'sasl.mechanisms': mechanism }),
      ...(isNamed && { 'sasl.username': USER.username, 'sasl.password': password }),
      ...oauth,
    }
  }
  return {
    bootstrap_servers: servers,
    security_protocol: protocol,
    ...(listener !== 'saslPlain' && { ssl_cafile: files[trust].cert }),
    ...(own && { ssl_certfile: own.cert, ssl_keyfile: own.key }),
    ...(mechanism && { sasl_mechanism: mechanism }),
    ...(isNamed && { sasl_plain_username: USER.username, sasl_plain_password: password }),
    ...oauth,
  }
}

async function install(): Promise<void> {
  if (existsSync(READY)) return
  await make(`python3 -m venv ${FOLDER} && ${PYTHON} -m pip install -q ${PACKAGES} && touch ${READY}`, '/', 240_000)
}
