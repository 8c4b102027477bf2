/** Our client on Apache Kafka, with the right credentials and with wrong ones. */
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { createAdmin, createKafka, createProducer, type KafkaOptions, read, type SaslOptions, type TlsOptions } from '@tidemark/client'
import { type KafkaCluster, startKafka } from '../kafka/cluster.ts'
import { NEWEST } from '../kafka/jars.ts'
import { equal, type Report } from '../report.ts'
import { sleep } from '../waiting.ts'
import { type Certificates, escaped, inline, jaas, MECHANISMS, moduleOf, quoted, USER, WRONG } from './parties.ts'

const REAUTHENTICATION_MS = 2_000
const OAUTH_OF_KAFKA =
  'org.apache.kafka.common.security.oauthbearer.OAuthBearerLoginModule required unsecuredLoginStringClaim_sub="broker";'

export async function oursOnKafka(report: Report, { ca, server, app, foreign }: Certificates, full: boolean): Promise<void> {
  const kafka = await startKafka(NEWEST, 1, {
    protocols: ['SASL_SSL', 'SASL_PLAINTEXT', 'SSL'],
    settings: {
      'ssl.keystore.type': 'PEM',
      'ssl.keystore.certificate.chain': inline(server.cert),
      'ssl.keystore.key': inline(server.key),
      'ssl.truststore.type': 'PEM',
      'ssl.truststore.certificates': inline(ca.cert),
      'listener.name.ssl.ssl.client.auth': 'required',
      'sasl.enabled.mechanisms': [...MECHANISMS, 'OAUTHBEARER'].join(','),
      'connections.max.reauth.ms': REAUTHENTICATION_MS,
      ...Object.fromEntries(
        ['sasl_ssl', 'sasl_plaintext'].flatMap((listener) => [
          [`listener.name.${listener}.oauthbearer.sasl.jaas.config`, OAUTH_OF_KAFKA],
          [`listener.name.${listener}.plain.sasl.jaas.config`, escaped(jaas('PLAIN', USER, ` user_alice=${quoted(USER.password)}`))],
          ...MECHANISMS.slice(1).map((mechanism) => [
            `listener.name.${listener}.${mechanism.toLowerCase()}.sasl.jaas.config`,
            `org.apache.kafka.common.security.${moduleOf(mechanism)} required;`,
          ]),
        ]),
      ),
    },
  })
  try {
    await onKafka(report, kafka, { ca, server, app, foreign }, full)
  } finally {
    await kafka.close()
  }
}

async function onKafka(report: Report, cluster: KafkaCluster, { ca, app, foreign }: Certificates, full: boolean): Promise<void> {
  const [saslTls, saslPlain, mutual] = cluster.secured as [string, string, string]
  await using admin = createKafka({ brokers: cluster.brokers })
  const { users, topics } = createAdmin(admin)
  await report.check('our admin makes users of SCRAM on Kafka', async () => {
    for (const mechanism of ['scram-sha-256', 'scram-sha-512'] as const)
      await users.setPassword(USER.username, USER.password, { mechanism })
    const listed = async () => (await users.list()).map(({ name, credentials }) => [name, credentials.length])
    // What the controller has decided, its brokers know a moment later.
    for (let tries = 0; tries < 100 && (await listed())[0]?.[1] !== 2; tries++) await sleep(50)
    equal(await listed(), [[USER.username, 2]])
    await topics.create('t')
  })
  const works = (name: string, options: KafkaOptions) =>
    report.check(`ours on Kafka: ${name}`, async () => {
      await using kafka = createKafka(options)
      await using producer = createProducer(kafka)
      await producer.send('t', { key: name, value: 'x'.repeat(200_000) })
      const keys: string[] = []
      for await (const { key } of read(kafka, 't', { to: 'end' })) keys.push(String(key))
      if (!keys.includes(name)) throw new Error(`what was written is not read: ${keys.join()}`)
    })
  const fails = (name: string, options: KafkaOptions, code: string) =>
    report.check(`ours on Kafka: ${name} is ${code}`, async () => {
      await using kafka = createKafka({ ...options, logger: silent })
      const found = await createAdmin(kafka)
        .topics.list({ timeoutMs: 5_000 })
        .then(
          () => 'accepted',
          (error) => (error as { code: string }).code,
        )
      equal(found, code)
    })
  const tls: TlsOptions = { ca: ca.cert }
  for (const mechanism of ['plain', 'scram-sha-256', 'scram-sha-512'] as const) {
    const sasl = (user: typeof USER): SaslOptions => ({ mechanism, ...user })
    await works(`${mechanism} over TLS`, { brokers: [saslTls], tls, sasl: sasl(USER) })
    await works(`${mechanism} without TLS`, { brokers: [saslPlain], sasl: sasl(USER) })
    await fails(`${mechanism} with a wrong password`, { brokers: [saslTls], tls, sasl: sasl(WRONG) }, 'UNAUTHORIZED')
  }
  const token = (lifeMs: number): SaslOptions => ({
    mechanism: 'oauthbearer',
    token: () => ({
      value: unsigned({ sub: 'alice', iat: now(), exp: now() + lifeMs / 1_000 }),
      expiresAtMs: Date.now() + Math.max(lifeMs, 60_000),
    }),
  })
  await works('oauthbearer over TLS', { brokers: [saslTls], tls, sasl: token(300_000) })
  await fails('a token that has expired', { brokers: [saslTls], tls, sasl: token(-60_000) }, 'UNAUTHORIZED')
  await report.check('ours on Kafka: sessions are renewed on their connections before they end (KIP-368)', async () => {
    for (const sasl of [{ mechanism: 'scram-sha-512', ...USER }, ...(full ? [token(300_000)] : [])] as const) {
      await using kafka = createKafka({ brokers: [saslTls], tls, sasl })
      await using producer = createProducer(kafka)
      await producer.send('t', { value: 'first' })
      const opened = socketsOpened()
      const endMs = Date.now() + 2.5 * REAUTHENTICATION_MS
      while (Date.now() < endMs) {
        await producer.send('t', { value: 'more' })
        await sleep(200)
      }
      equal(opened.stop(), 0)
    }
  })
  const elsewhere = saslTls.replace('127.0.0.1', 'localhost')
  await fails(
    'another host name than the certificate has',
    { brokers: [elsewhere], tls, sasl: { mechanism: 'plain', ...USER } },
    'TLS_FAILED',
  )
  const expired = await ca.sign('CN=app', { toMs: Date.now() - 60_000 })
  await fails('a certificate of the client that has expired', { brokers: [mutual], tls: { ...tls, ...expired } }, 'TLS_FAILED')
  await works('a certificate of the client', { brokers: [mutual], tls: { ...tls, ...app } })
  await fails('no certificate of the client', { brokers: [mutual], tls }, 'TLS_FAILED')
  await fails('a certificate that is not trusted', { brokers: [mutual], tls: { ca: foreign.cert, ...app } }, 'TLS_FAILED')
  if (full) await fails('TLS on a plain listener', { brokers: [saslPlain], tls, sasl: { mechanism: 'plain', ...USER } }, 'TLS_FAILED')
}

const silent = { debug() {}, info() {}, warn() {}, error() {} }

const now = (): number => Math.floor(Date.now() / 1_000)

/** A token without a signature, as Kafka takes it where no keys are configured. */
function unsigned(claims: object): string {
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url')
  return `${part({ alg: 'none' })}.${part(claims)}.`
}

/** Counts the connections that this process opens. */
function socketsOpened(): { stop(): number } {
  let count = 0
  const opened = (): void => void count++
  subscribe('net.client.socket', opened)
  return {
    stop: () => {
      unsubscribe('net.client.socket', opened)
      return count
    },
  }
}
