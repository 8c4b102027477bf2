/**
 * TLS and SASL between strangers: Java's clients of Apache Kafka on our broker, and our client on Apache Kafka, each with
 * the right credentials and with wrong ones.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { type ListenerChoice, startBroker } from '@tidemark/broker'
import { createAdmin, createKafka, createProducer, type KafkaOptions, read, type SaslOptions, type TlsOptions } from '@tidemark/client'
import { Authority, type Identity } from '../../packages/tidemark/src/testing/certificates.ts'
import { type KafkaCluster, startKafka } from '../kafka/cluster.ts'
import { kafkaJars } from '../kafka/jars.ts'
import { equal, type Report } from '../report.ts'
import { run } from '../tools.ts'

const VERSION = '4.3.1'
const HOST = { hosts: ['127.0.0.1'] }
const MECHANISMS = ['PLAIN', 'SCRAM-SHA-256', 'SCRAM-SHA-512'] as const
/** What Java's tools say of a handshake that failed; with TLS 1.3 its server refuses a client's certificate after it. */
const IN_TLS = /Ssl|SSL|post-handshake/
const USER = { username: 'alice', password: 'wonder"land, =\\' }

interface Certificates {
  readonly ca: Authority
  readonly server: Identity
  readonly app: Identity
  readonly foreign: Authority
}

export async function judge(report: Report, full: boolean): Promise<void> {
  kafkaJars(VERSION)
  const folder = mkdtempSync(path.join(tmpdir(), 'tidemark-security-'))
  try {
    const ca = await Authority.make()
    const foreign = await Authority.make('CN=Foreign')
    const certificates = { ca, foreign, server: await ca.sign('CN=broker', HOST), app: await ca.sign('CN=app') }
    await javaOnOurs(report, folder, certificates, full)
    await oursOnKafka(report, certificates, full)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

const moduleOf = (mechanism: string): string => (mechanism === 'PLAIN' ? 'plain.PlainLoginModule' : 'scram.ScramLoginModule')
const quoted = (text: string): string => `"${text.replaceAll(/["\\]/g, '\\$&')}"`
const jaas = (mechanism: string, { username, password }: typeof USER, more = ''): string =>
  `org.apache.kafka.common.security.${moduleOf(mechanism)} required username=${quoted(username)} password=${quoted(password)}${more};`
const inline = (pem: string): string => pem.trim().replaceAll('\n', '\\n')
/** A value as Java's `Properties` reads it back. */
const escaped = (value: string): string => value.replaceAll(/\\(?!n)/g, '\\\\')

async function javaOnOurs(report: Report, folder: string, { ca, server, app, foreign }: Certificates, full: boolean): Promise<void> {
  const tls = { ...server, ca: ca.cert }
  const sasl = ['plain', 'scram-sha-256', 'scram-sha-512'] as const
  const listeners: readonly ListenerChoice[] = [
    { protocol: 'sasl_plaintext', sasl },
    { protocol: 'sasl_tls', sasl, tls },
    { protocol: 'tls', tls: { ...tls, clientAuth: 'required' } },
  ]
  await using broker = await startBroker({ data: ':memory:', listeners, users: { [USER.username]: USER.password } })
  const trust = (authority: Authority) => ({ 'ssl.truststore.type': 'PEM', 'ssl.truststore.certificates': inline(authority.cert) })
  const login = (mechanism: string, user: typeof USER) => ({
    'sasl.mechanism': mechanism,
    'sasl.jaas.config': escaped(jaas(mechanism, user)),
  })
  let files = 0
  const topics = (listener: number, settings: Record<string, string>, ...args: string[]) => {
    const file = path.join(folder, `${++files}.properties`)
    const all = { 'default.api.timeout.ms': '8000', 'request.timeout.ms': '5000', ...settings }
    writeFileSync(
      file,
      Object.entries(all)
        .map(([key, value]) => `${key}=${value}\n`)
        .join(''),
    )
    const command = [...args, '--bootstrap-server', broker.brokers[listener]!, '--command-config', file]
    return run(
      'java',
      ['-Xmx128m', '-XX:TieredStopAtLevel=1', '-cp', kafkaJars(VERSION), 'org.apache.kafka.tools.TopicCommand', ...command],
      undefined,
      60_000,
    )
  }
  const accepted = (name: string, listener: number, settings: Record<string, string>) =>
    report.check(`Java on ours: ${name}`, async () => {
      const topic = name.replaceAll(/[^\w]/g, '-')
      const { code, stdout, stderr } = await topics(listener, settings, '--create', '--topic', topic)
      if (code !== 0 || !stdout.includes(`Created topic ${topic}`)) throw new Error(`${stdout}${stderr}`.slice(-1_500))
    })
  const refused = (name: string, listener: number, settings: Record<string, string>, why: RegExp) =>
    report.check(`Java on ours: ${name} is refused`, async () => {
      const { code, stdout, stderr } = await topics(listener, settings, '--list')
      const said = `${stdout}${stderr}`
      if (code === 0 || !why.test(said)) throw new Error(`not ${why}: ${said.slice(-1_500)}`)
    })

  const wrong = { ...USER, password: 'builder' }
  const onPlain = { 'security.protocol': 'SASL_PLAINTEXT' }
  const onTls = { 'security.protocol': 'SASL_SSL', ...trust(ca) }
  for (const mechanism of MECHANISMS) {
    await accepted(`${mechanism} over TLS`, 1, { ...onTls, ...login(mechanism, USER) })
    if (full) await accepted(`${mechanism} without TLS`, 0, { ...onPlain, ...login(mechanism, USER) })
    if (full || mechanism === 'SCRAM-SHA-512')
      await refused(
        `${mechanism} with a wrong password`,
        0,
        { ...onPlain, ...login(mechanism, wrong) },
        /Authentication failed|SaslAuthenticationException/,
      )
  }
  const identity = { 'ssl.keystore.type': 'PEM', 'ssl.keystore.certificate.chain': inline(app.cert), 'ssl.keystore.key': inline(app.key) }
  const onMutual = { 'security.protocol': 'SSL', ...trust(ca) }
  await accepted('a certificate of the client', 2, { ...onMutual, ...identity })
  if (!full) return report.skip('the rest of what Java tries on ours', 'a Java process each: in the full run alone')
  await refused('no certificate of the client', 2, onMutual, IN_TLS)
  const stranger = await foreign.sign('CN=app')
  const foreignIdentity = { ...identity, 'ssl.keystore.certificate.chain': inline(stranger.cert), 'ssl.keystore.key': inline(stranger.key) }
  await refused('a foreign certificate of the client', 2, { ...onMutual, ...foreignIdentity }, IN_TLS)
  const untrusting = { ...onTls, ...trust(foreign), ...login('PLAIN', USER) }
  await refused("the broker's certificate, which Java does not trust,", 1, untrusting, IN_TLS)
}

async function oursOnKafka(report: Report, { ca, server, app, foreign }: Certificates, full: boolean): Promise<void> {
  const kafka = await startKafka(VERSION, 1, {
    protocols: ['SASL_SSL', 'SASL_PLAINTEXT', 'SSL'],
    settings: {
      'ssl.keystore.type': 'PEM',
      'ssl.keystore.certificate.chain': inline(server.cert),
      'ssl.keystore.key': inline(server.key),
      'ssl.truststore.type': 'PEM',
      'ssl.truststore.certificates': inline(ca.cert),
      'listener.name.ssl.ssl.client.auth': 'required',
      'sasl.enabled.mechanisms': MECHANISMS.join(','),
      ...Object.fromEntries(
        ['sasl_ssl', 'sasl_plaintext'].flatMap((listener) => [
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
    equal(
      (await users.list()).map(({ name, credentials }) => [name, credentials.length]),
      [[USER.username, 2]],
    )
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
  const wrong = { ...USER, password: 'builder' }
  for (const mechanism of ['plain', 'scram-sha-256', 'scram-sha-512'] as const) {
    const sasl = (user: typeof USER): SaslOptions => ({ mechanism, ...user })
    await works(`${mechanism} over TLS`, { brokers: [saslTls], tls, sasl: sasl(USER) })
    await works(`${mechanism} without TLS`, { brokers: [saslPlain], sasl: sasl(USER) })
    await fails(`${mechanism} with a wrong password`, { brokers: [saslTls], tls, sasl: sasl(wrong) }, 'UNAUTHORIZED')
  }
  await works('a certificate of the client', { brokers: [mutual], tls: { ...tls, ...app } })
  await fails('no certificate of the client', { brokers: [mutual], tls }, 'TLS_FAILED')
  await fails('a certificate that is not trusted', { brokers: [mutual], tls: { ca: foreign.cert, ...app } }, 'TLS_FAILED')
  if (full) await fails('TLS on a plain listener', { brokers: [saslPlain], tls, sasl: { mechanism: 'plain', ...USER } }, 'TLS_FAILED')
}

const silent = { debug() {}, info() {}, warn() {}, error() {} }
