/** Java's clients of Apache Kafka on our broker, with the right credentials and with wrong ones. */
import { writeFileSync } from 'node:fs'
import path from 'node:path'
import type { Authority } from '../../packages/tidemark/src/testing/certificates.ts'
import { kafkaJars, NEWEST } from '../kafka/jars.ts'
import type { Report } from '../report.ts'
import { run } from '../tools.ts'
import { type Certificates, escaped, inline, jaas, MECHANISMS, USER, WRONG } from './parties.ts'
import { type SecuredBroker, startSecured } from './secured-broker.ts'

type Listener = keyof SecuredBroker['addresses']

/**
 * What Java's tools say of a handshake that failed; with TLS 1.3 its server refuses a client's certificate after it.
 */
const IN_TLS = /Ssl|SSL|post-handshake/

export async function javaOnOurs(report: Report, folder: string, certificates: Certificates, full: boolean): Promise<void> {
  const { ca, app, foreign } = certificates
  await using secured = await startSecured(certificates)
  const trust = (authority: Authority) => ({ 'ssl.truststore.type': 'PEM', 'ssl.truststore.certificates': inline(authority.cert) })
  const login = (mechanism: string, user: typeof USER) => ({
    'sasl.mechanism': mechanism,
    'sasl.jaas.config': escaped(jaas(mechanism, user)),
  })
  let files = 0
  const topics = (listener: Listener, settings: Record<string, string>, ...args: string[]) => {
    const file = path.join(folder, `${++files}.properties`)
    const all = { 'default.api.timeout.ms': '8000', 'request.timeout.ms': '5000', ...settings }
    writeFileSync(
      file,
      Object.entries(all)
        .map(([key, value]) => `${key}=${value}\n`)
        .join(''),
    )
    const command = [...args, '--bootstrap-server', secured.addresses[listener], '--command-config', file]
    return run(
      'java',
      ['-Xmx128m', '-XX:TieredStopAtLevel=1', '-cp', kafkaJars(NEWEST), 'org.apache.kafka.tools.TopicCommand', ...command],
      undefined,
      60_000,
    )
  }
  const accepted = (name: string, listener: Listener, settings: Record<string, string>) =>
    report.check(`Java on ours: ${name}`, async () => {
      const topic = name.replaceAll(/[^\w]/g, '-')
      const { code, stdout, stderr } = await topics(listener, settings, '--create', '--topic', topic)
      if (code !== 0 || !stdout.includes(`Created topic ${topic}`)) throw new Error(`${stdout}${stderr}`.slice(-1_500))
    })
  const refused = (name: string, listener: Listener, settings: Record<string, string>, why: RegExp) =>
    report.check(`Java on ours: ${name} is refused`, async () => {
      const { code, stdout, stderr } = await topics(listener, settings, '--list')
      const said = `${stdout}${stderr}`
      if (code === 0 || !why.test(said)) throw new Error(`not ${why}: ${said.slice(-1_500)}`)
    })

  const onPlain = { 'security.protocol': 'SASL_PLAINTEXT' }
  const onTls = { 'security.protocol': 'SASL_SSL', ...trust(ca) }
  for (const mechanism of MECHANISMS) {
    await accepted(`${mechanism} over TLS`, 'saslTls', { ...onTls, ...login(mechanism, USER) })
    if (full) await accepted(`${mechanism} without TLS`, 'saslPlain', { ...onPlain, ...login(mechanism, USER) })
    if (full || mechanism === 'SCRAM-SHA-512')
      await refused(
        `${mechanism} with a wrong password`,
        'saslPlain',
        { ...onPlain, ...login(mechanism, WRONG) },
        /Authentication failed|SaslAuthenticationException/,
      )
  }
  const identity = { 'ssl.keystore.type': 'PEM', 'ssl.keystore.certificate.chain': inline(app.cert), 'ssl.keystore.key': inline(app.key) }
  const onMutual = { 'security.protocol': 'SSL', ...trust(ca) }
  await accepted('a certificate of the client', 'mutual', { ...onMutual, ...identity })
  if (!full) return report.skip('the rest of what Java tries on ours', 'a Java process each: in the full run alone')
  await refused('no certificate of the client', 'mutual', onMutual, IN_TLS)
  const stranger = await foreign.sign('CN=app')
  const foreignIdentity = { ...identity, 'ssl.keystore.certificate.chain': inline(stranger.cert), 'ssl.keystore.key': inline(stranger.key) }
  await refused('a foreign certificate of the client', 'mutual', { ...onMutual, ...foreignIdentity }, IN_TLS)
  const untrusting = { ...onTls, ...trust(foreign), ...login('PLAIN', USER) }
  await refused("the broker's certificate, which Java does not trust,", 'saslTls', untrusting, IN_TLS)
}
