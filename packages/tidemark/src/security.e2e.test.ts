/** TLS, SASL and access control between our client and our broker, over real sockets. */
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { mkdtempSync, rmSync } from 'node:fs'
import net from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { inspect } from 'node:util'
import { type Broker, type ListenerChoice, type StartOptions, startBroker } from '@tidemark/broker'
import { createAdmin, createKafka, createProducer, type KafkaOptions, oidc, type SaslOptions } from '@tidemark/client'
import { createConsumer } from '@tidemark/consumer'
import { afterEach, beforeAll, describe, expect, test } from 'vitest'
import { Authority, type Identity } from './testing/certificates.ts'

const HOST = { hosts: ['127.0.0.1'] }
const DAY_MS = 24 * 60 * 60 * 1000

let ca: Authority
let server: Identity
beforeAll(async () => {
  ca = await Authority.make()
  server = await ca.sign('CN=broker', HOST)
})

const open: Broker[] = []
afterEach(async () => {
  for (const broker of open.splice(0)) await broker.close()
})

async function brokerWith(listeners: readonly ListenerChoice[], options: Partial<StartOptions> = {}): Promise<Broker> {
  const broker = await startBroker({ data: ':memory:', listeners, failedAuthenticationDelayMs: 1, ...options })
  open.push(broker)
  return broker
}

/** What a client of the broker gets: its topics, or the error. */
async function tried(broker: Broker, options: Partial<KafkaOptions> = {}, listener = 0): Promise<readonly string[] | string> {
  await using kafka = createKafka({ brokers: [Object.values(broker.listeners)[listener]!], logger: silent, ...options })
  const admin = createAdmin(kafka)
  try {
    return (await admin.topics.list({ timeoutMs: 1_000 })).map(({ name }) => name)
  } catch (error) {
    const { code, message } = error as { code: string; message: string }
    return `${code}: ${message}`
  }
}

const silent = { debug() {}, info() {}, warn() {}, error() {} }

/** What the broker refused, as told on its channel. */
function refusals(): string[] {
  const told: string[] = []
  const listen = (it: unknown): void => {
    const notable = it as { kind: string; why?: string }
    if (notable.kind === 'refused') told.push(notable.why!)
  }
  subscribe('tidemark:broker', listen)
  cleanUp.push(() => void unsubscribe('tidemark:broker', listen))
  return told
}
const cleanUp: (() => void)[] = []
afterEach(() => {
  for (const act of cleanUp.splice(0)) act()
})

const tlsListener = (more: Partial<ListenerChoice['tls'] & object> = {}): ListenerChoice => ({
  protocol: 'tls',
  tls: { ...server, ...more },
})

describe('TLS', () => {
  test('carries records both ways, also those larger than any piece', async () => {
    const broker = await brokerWith([tlsListener()])
    await using kafka = createKafka({ brokers: broker.brokers, tls: { ca: ca.cert } })
    await using producer = createProducer(kafka)
    await createAdmin(kafka).topics.create('t')
    const value = 'x'.repeat(700_000)
    for (let i = 0; i < 5; i++) await producer.send('t', { value: `${value}${i}` })
    await using consumer = createConsumer(kafka, { group: 'g' })
    const seen: number[] = []
    const stop = new AbortController()
    consumer.each('t', ({ value: bytes }) => {
      seen.push(bytes!.length)
      if (seen.length === 5) stop.abort()
    })
    await consumer.run({ signal: stop.signal })
    expect(seen).toEqual([700_001, 700_001, 700_001, 700_001, 700_001])
  })

  test('a certificate that is not trusted, not for the host, expired or not valid yet is refused at once, with what to do', async () => {
    const foreign = await (await Authority.make('CN=Foreign')).sign('CN=broker', HOST)
    const expired = await ca.sign('CN=broker', { ...HOST, fromMs: Date.now() - 2 * DAY_MS, toMs: Date.now() - DAY_MS / 2 })
    const early = await ca.sign('CN=broker', { ...HOST, fromMs: Date.now() + DAY_MS / 4 })
    const elsewhere = await ca.sign('CN=broker', { hosts: ['kafka.example.org'] })
    const tls = { ca: ca.cert }
    const told = refusals()
    const of = async (identity: Identity) => tried(await brokerWith([{ protocol: 'tls', tls: identity }]), { tls })
    expect(await of(foreign)).toMatch(/^TLS_FAILED: .*signed by 'Foreign', which is not trusted here: give .* as 'ca'/)
    expect(await of(expired)).toMatch(/^TLS_FAILED: .*expired on /)
    expect(told.join()).toMatch(/SSL: it ended the TLS handshake: it may not trust the certificate/)
    expect(await of(early)).toMatch(/^TLS_FAILED: .*valid from .* on: check the clocks/)
    expect(await of(elsewhere)).toMatch(/^TLS_FAILED: .*not for '127.0.0.1' but for DNS:kafka.example.org/)
    const broker = await brokerWith([{ protocol: 'tls', tls: elsewhere }])
    expect(await tried(broker, { tls: { ...tls, servername: 'kafka.example.org' } })).toEqual([])
    expect(await tried(broker, { tls: { ...tls, checkHostname: false } })).toEqual([])
    expect(await tried(broker, { tls: { rejectUnauthorized: false } })).toEqual([])
    expect(await tried(broker, { tls: true })).toMatch(/^TLS_FAILED/)
  })

  test('what has no certificate in it is no authority', () => {
    const using = (at: string) => () => createKafka({ brokers: ['127.0.0.1:9092'], tls: { ca: at } })
    expect(using(ca.cert)).not.toThrow()
    expect(using(server.key)).toThrow("option 'tls.ca' is text: there is no certificate in it")
    expect(using('package.json')).toThrow("option 'tls.ca' is the file 'package.json': there is no certificate in it")
  })

  test('plain bytes on a TLS port, and TLS on a plain one, are told apart', async () => {
    const told = refusals()
    const broker = await brokerWith([tlsListener(), { protocol: 'plaintext' }])
    expect(await tried(broker)).toMatch(/^UNREACHABLE/)
    expect(told.join()).toMatch(/SSL: it does not speak TLS/)
    expect(await tried(broker, { tls: { ca: ca.cert } }, 1)).toMatch(/^(TLS_FAILED|UNREACHABLE): .*(does not speak TLS|TLS handshake)/)
    expect(await tried(broker, {}, 1)).toEqual([])
  })

  test('a client shows its certificate where it must, and is who it says', async () => {
    const told = refusals()
    const broker = await brokerWith([tlsListener({ ca: ca.cert, clientAuth: 'required' })], {
      authorizer: { superUsers: ['User:CN=app,O=Example'] },
    })
    const app = await ca.sign('O=Example,CN=app')
    const foreign = await (await Authority.make('CN=Foreign')).sign('CN=app')
    const as = (identity?: Identity) => tried(broker, { tls: { ca: ca.cert, ...identity }, connectTimeoutMs: 2_000 })
    expect(await as(app)).toEqual([])
    expect(await as()).toMatch(/^TLS_FAILED/)
    // With TLS 1.3 Node's server ends the connection without a word.
    expect(await as(foreign)).toMatch(/^(TLS_FAILED|UNREACHABLE)/)
    expect(told.length).toBeGreaterThan(0)
  })

  test('a certificate is replaced while the broker runs; one that cannot be used changes nothing', async () => {
    const broker = await brokerWith([tlsListener()])
    const other = await Authority.make('CN=Other')
    const next = await other.sign('CN=broker', HOST)
    await expect(broker.replaceTls('SSL', { cert: 'nonsense', key: 'nonsense' })).rejects.toMatchObject({ code: 'INVALID_OPTION' })
    expect(await tried(broker, { tls: { ca: ca.cert } })).toEqual([])
    await broker.replaceTls('SSL', next)
    expect(await tried(broker, { tls: { ca: other.cert } })).toEqual([])
    expect(await tried(broker, { tls: { ca: ca.cert } })).toMatch(/^TLS_FAILED/)
    await expect(broker.replaceTls('NONE', next)).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' })
  })
})

const users = { alice: 'wonderland', bob: 'builder' }
const jwt = (claims: object): string =>
  `${Buffer.from('{"alg":"none"}').toString('base64url')}.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.`
const tokenOf = (sub: string, lifeMs = 60_000) => {
  const expiresAtMs = Date.now() + lifeMs
  return { value: jwt({ sub, iat: Math.floor(Date.now() / 1000), exp: Math.floor(expiresAtMs / 1000) }), expiresAtMs }
}

describe('SASL', () => {
  const all: ListenerChoice = { protocol: 'sasl_plaintext', sasl: ['plain', 'scram-sha-256', 'scram-sha-512', 'oauthbearer'] }
  const secured = (options: Partial<StartOptions> = {}) => brokerWith([all], { users, oauth: { unsigned: true }, ...options })

  test.each(['plain', 'scram-sha-256', 'scram-sha-512'] as const)('%s: the right password, a wrong one, and nobody', async (mechanism) => {
    const broker = await secured()
    const as = (username: string, password: string) => tried(broker, { sasl: { mechanism, username, password } })
    expect(await as('alice', 'wonderland')).toEqual([])
    const wrong = await as('alice', 'builder')
    expect(wrong).toMatch(/^UNAUTHORIZED: .*refuses the credentials/)
    const nobody = await as('carol', 'x')
    expect(nobody).toBe(wrong)
    expect(await tried(broker)).toMatch(/^UNREACHABLE|^CONNECTION_LOST/)
  })

  test('oauthbearer: a token, one that has ended, one without a user, one that cannot be had', async () => {
    const broker = await secured()
    const withToken = (token: () => Promise<{ value: string; expiresAtMs: number }>) =>
      tried(broker, { sasl: { mechanism: 'oauthbearer', token } })
    expect(await withToken(async () => tokenOf('alice'))).toEqual([])
    expect(await withToken(async () => tokenOf('alice', -120_000))).toMatch(/^UNAUTHORIZED: .*invalid_token/)
    expect(await withToken(async () => ({ ...tokenOf('alice'), value: jwt({ exp: 9e9 }) }))).toMatch(/^UNAUTHORIZED/)
    expect(await withToken(async () => ({ value: 'a b', expiresAtMs: 0 }))).toMatch(/^UNAUTHORIZED/)
    const port = broker.brokers[0]!.split(':')[1]
    const from = (tokenEndpoint: string) => withToken(oidc({ tokenEndpoint, clientId: 'app', clientSecret: 'x' }))
    expect(await from('http://127.0.0.1:1/')).toMatch(/the token endpoint http:..127.0.0.1:1 cannot be reached: (?!fetch failed)/)
    const plain = await from(`https://127.0.0.1:${port}/`) // a port without TLS
    expect(plain).toMatch(/^UNREACHABLE: .*the token endpoint https:..127.0.0.1:/)
    expect(plain).not.toMatch(/certificate that it shows|Kafka listener/)
  })

  test('credentials that are longer than a broker takes are told as what they are', async () => {
    const broker = await secured()
    const long = 'x'.repeat(600_000)
    const why =
      /^UNAUTHORIZED: .* refuses the credentials: they take 600,\d\d\d bytes, .*Kafka takes 524,288, unless sasl\.server\.max\.receive\.size/
    expect(await tried(broker, { sasl: { mechanism: 'oauthbearer', token: () => ({ value: long, expiresAtMs: 9e15 }) } })).toMatch(why)
    expect(await tried(broker, { sasl: { mechanism: 'plain', username: 'alice', password: long } })).toMatch(why)
    // Kafka's limit is of the request, without its length.
    const token = (length: number) =>
      ({ mechanism: 'oauthbearer', token: () => ({ value: 'x'.repeat(length), expiresAtMs: 9e15 }) }) as const
    expect(await tried(broker, { sasl: token(524_000) })).toMatch(/^UNAUTHORIZED: (?!.*they take)/)
  })

  test('a mechanism that the listener does not have is refused by name, and nothing weaker is tried', async () => {
    const broker = await brokerWith([{ protocol: 'sasl_plaintext', sasl: ['plain'] }], { users })
    const sasl: SaslOptions = { mechanism: 'scram-sha-512', username: 'alice', password: 'wonderland' }
    expect(await tried(broker, { sasl })).toMatch(/^UNSUPPORTED_SASL_MECHANISM: .*SCRAM-SHA-512; it has PLAIN/)
    const open = await brokerWith([{ protocol: 'plaintext' }])
    expect(await tried(open, { sasl })).toMatch(/asks nobody to authenticate/)
  })

  test('a wrong password ends run() and send() at once', async () => {
    const broker = await secured()
    await using kafka = createKafka({
      brokers: broker.brokers,
      sasl: { mechanism: 'plain', username: 'alice', password: 'no' },
      logger: silent,
    })
    await using consumer = createConsumer(kafka, { group: 'g' })
    consumer.each('t', () => {})
    await expect(consumer.run()).rejects.toMatchObject({ code: 'UNAUTHORIZED' })
    const producer = createProducer(kafka)
    await expect(producer.send('t', { value: 'x' })).rejects.toMatchObject({ code: 'UNAUTHORIZED' })
    await producer.close().catch(() => {})
  })

  test('a session is renewed on its connection before it ends (KIP-368)', async () => {
    const broker = await secured({ connectionReauthMsMax: 300 })
    let tokens = 0
    const sasl: SaslOptions = {
      mechanism: 'oauthbearer',
      token: () => {
        tokens++
        return tokenOf('alice')
      },
    }
    await using kafka = createKafka({ brokers: broker.brokers, sasl, logger: silent })
    const { topics } = createAdmin(kafka)
    await topics.create('t')
    await expect.poll(() => tokens, { timeout: 5_000 }).toBeGreaterThan(3)
    expect((await topics.list()).length).toBe(1)
  })

  test('while a session is renewed, requests wait: the broker would take none of them', async () => {
    const told = refusals()
    const broker = await secured({ connectionReauthMsMax: 200 })
    // SCRAM takes longest: two messages, and the password is salted in between.
    const sasl: SaslOptions = { mechanism: 'scram-sha-512', username: 'alice', password: 'wonderland' }
    await using kafka = createKafka({ brokers: broker.brokers, sasl, logger: silent })
    await createAdmin(kafka).topics.create('t', { partitions: 1 })
    await using producer = createProducer(kafka)
    await producer.send('t', { value: 'first' })
    const endMs = Date.now() + 1_500
    while (Date.now() < endMs) await producer.send('t', { value: 'more' })
    // On a busy machine a session may be over before it was renewed, which is told in other words.
    expect(told.filter((why) => /begun to authenticate again/.test(why))).toEqual([])
  })

  test('secrets do not show in options, errors and what the broker tells', async () => {
    const told = refusals()
    const broker = await secured()
    const sasl: SaslOptions = { mechanism: 'plain', username: 'alice', password: 'top-secret' }
    await using kafka = createKafka({ brokers: broker.brokers, sasl, logger: silent })
    const shown = [
      inspect(kafka, { depth: 10, showHidden: true }),
      JSON.stringify((kafka as unknown as { options: object }).options, (key, value) => (key === 'platform' ? undefined : value)),
    ]
    const error = await createAdmin(kafka)
      .topics.list()
      .catch((it: unknown) => it)
    shown.push(inspect(error, { depth: 10 }), told.join())
    for (const text of shown) expect(text).not.toContain('top-secret')
  })

  test('damaged, early and strange handshakes end their connection, and nothing else', async () => {
    const told = refusals()
    const broker = await secured()
    const [host, port] = broker.brokers[0]!.split(':') as [string, string]
    const send = (bytes: Buffer): Promise<void> =>
      new Promise((resolve) => {
        const socket = net.connect(Number(port), host, () => socket.end(bytes))
        socket.on('error', () => {}).on('close', () => resolve())
        socket.setTimeout(2_000, () => socket.destroy())
        socket.resume()
      })
    const frame = (key: number, version: number, body: Buffer): Buffer => {
      const head = Buffer.alloc(14)
      head.writeInt32BE(10 + body.length, 0)
      head.writeInt16BE(key, 4)
      head.writeInt16BE(version, 6)
      head.writeInt32BE(1, 8)
      head.writeInt16BE(-1, 12)
      return Buffer.concat([head, body])
    }
    const text = (value: string): Buffer => Buffer.concat([Buffer.from([0, value.length]), Buffer.from(value)])
    let seed = 12345
    const random = (below: number): number => (seed = (seed * 1103515245 + 12345) & 0x7fffffff) % below
    for (let i = 0; i < 400; i++) {
      const token = Buffer.from(Array.from({ length: random(60) }, () => random(256)))
      const size = Buffer.alloc(4)
      size.writeInt32BE(token.length)
      const mechanism = ['PLAIN', 'SCRAM-SHA-256', 'OAUTHBEARER', 'GSSAPI'][random(4)]!
      const messages = [
        frame(17, random(2), text(mechanism)),
        frame(36, 0, Buffer.concat([size, token])),
        frame(3, 1, Buffer.from([255, 255, 255, 255])),
        Buffer.concat([size, token]),
      ]
      await send(Buffer.concat(messages.filter(() => random(3) > 0)))
    }
    expect(told.join()).toContain('the client has not authenticated')
    expect(await tried(broker, { sasl: { mechanism: 'scram-sha-256', username: 'alice', password: 'wonderland' } })).toEqual([])
  }, 60_000)
})

describe('access control', () => {
  const listeners: readonly ListenerChoice[] = [{ protocol: 'sasl_plaintext', sasl: ['plain', 'scram-sha-512'] }]
  const guarded = (data = ':memory:') =>
    startGuarded({ data, authorizer: { superUsers: ['User:admin'] }, users: { admin: 'root', ...users } })
  async function startGuarded(options: Partial<StartOptions>): Promise<Broker> {
    return brokerWith(listeners, options)
  }
  const kafkaOf = (broker: Broker, username: string, password: string) =>
    createKafka({ brokers: broker.brokers, sasl: { mechanism: 'plain', username, password }, logger: silent })

  test('what no ACL allows is refused; what one allows is done; one that denies outweighs it', async () => {
    const broker = await guarded()
    await using root = kafkaOf(broker, 'admin', 'root')
    await using alice = kafkaOf(broker, 'alice', 'wonderland')
    const admin = createAdmin(root)
    const denied: { api: string; resources: readonly string[] }[] = []
    const listen = (it: unknown): void => void ((it as { kind: string }).kind === 'denied' && denied.push(it as never))
    subscribe('tidemark:broker', listen)
    cleanUp.push(() => void unsubscribe('tidemark:broker', listen))
    await admin.topics.create('orders')
    await admin.topics.create('secret')
    expect(await createAdmin(alice).topics.list()).toEqual([])
    await expect(createAdmin(alice).topics.create('mine')).rejects.toMatchObject({ code: 'TOPIC_AUTHORIZATION_FAILED' })
    await expect(createAdmin(alice).acls.list()).rejects.toMatchObject({
      code: 'CLUSTER_AUTHORIZATION_FAILED',
      message: expect.stringMatching(/; it needs DESCRIBE on the cluster$/),
    })
    await expect(createAdmin(alice).groups.describe('billing')).rejects.toMatchObject({
      code: 'GROUP_AUTHORIZATION_FAILED',
      message: "group 'billing' may not be used by this user: it needs at least DESCRIBE, which READ and DELETE bring",
    })
    await using producer = createProducer(alice, { idempotent: false, acks: 'all' })
    await expect(producer.send('orders', { value: 'x' })).rejects.toMatchObject({ code: 'TOPIC_AUTHORIZATION_FAILED' })
    await admin.acls.create([{ principal: 'User:alice', operation: 'describe', resource: 'topic', name: 'orders' }])
    await expect(producer.send('orders', { value: 'x' })).rejects.toMatchObject({ code: 'TOPIC_AUTHORIZATION_FAILED' })
    expect(denied.findLast(({ api }) => api === 'Produce')).toMatchObject({ resources: ['orders'] })
    const principal = 'User:alice'
    await admin.acls.create([
      { principal, operation: 'write', resource: 'topic', name: 'ord', pattern: 'prefixed' },
      { principal, operation: 'read', resource: 'topic', name: 'orders' },
      { principal, operation: 'read', resource: 'group', name: '*' },
    ])
    await using second = createProducer(alice)
    await second.send('orders', { value: 'x' })
    await using consumer = createConsumer(alice, { group: 'g' })
    const stop = new AbortController()
    consumer.each('orders', () => stop.abort())
    await consumer.run({ signal: stop.signal })
    expect((await createAdmin(alice).topics.list()).map(({ name }) => name)).toEqual(['orders'])
    await admin.acls.create([{ principal: 'User:*', operation: 'all', permission: 'deny', resource: 'topic', name: 'orders' }])
    await expect(second.send('orders', { value: 'x' })).rejects.toMatchObject({ code: 'TOPIC_AUTHORIZATION_FAILED' })
    expect((await admin.acls.list({ resource: 'topic', name: 'orders', pattern: 'match' })).length).toBe(4)
    expect((await admin.acls.delete({ permission: 'deny' })).length).toBe(1)
    await second.send('orders', { value: 'x' })
  })

  test('users are made, log in, change their passwords and go; users and ACLs outlive a restart', async () => {
    const data = mkdtempSync(path.join(tmpdir(), 'tidemark-security-'))
    cleanUp.push(() => rmSync(data, { recursive: true, force: true }))
    const broker = await guarded(data)
    {
      await using root = kafkaOf(broker, 'admin', 'root')
      const admin = createAdmin(root)
      await admin.users.setPassword('carol', 'first')
      await admin.users.setPassword('carol', 'second', { mechanism: 'scram-sha-256', iterations: 4096 })
      expect(await admin.users.list()).toEqual([
        {
          name: 'carol',
          credentials: [
            { mechanism: 'scram-sha-256', iterations: 4096 },
            { mechanism: 'scram-sha-512', iterations: 8192 },
          ],
        },
      ])
      await admin.acls.create([{ principal: 'User:carol', operation: 'describe', resource: 'topic', name: '*' }])
      await admin.topics.create('t')
      await expect(admin.users.remove('nobody')).rejects.toMatchObject({ code: 'RESOURCE_NOT_FOUND' })
      await expect(admin.users.setPassword('', 'x')).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' })
    }
    open.splice(open.indexOf(broker), 1)
    await broker.close()
    const again = await guarded(data)
    const carol = (password: string) => tried(again, { sasl: { mechanism: 'scram-sha-512', username: 'carol', password } })
    expect(await carol('first')).toEqual(['t'])
    expect(await carol('second')).toMatch(/^UNAUTHORIZED/)
    await using root = kafkaOf(again, 'admin', 'root')
    await createAdmin(root).users.remove('carol')
    expect(await carol('first')).toMatch(/^UNAUTHORIZED/)
  })

  test('without an authorizer there are no ACLs', async () => {
    const broker = await brokerWith([{ protocol: 'plaintext' }])
    await using kafka = createKafka({ brokers: broker.brokers })
    const { acls } = createAdmin(kafka)
    await expect(acls.list()).rejects.toMatchObject({ code: 'SECURITY_DISABLED' })
    await expect(acls.create([{ principal: 'User:a', operation: 'read', resource: 'topic', name: 't' }])).rejects.toMatchObject({
      code: 'SECURITY_DISABLED',
    })
  })
})
