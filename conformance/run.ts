/**
 * Other people's clients and suites against our broker, and our client against Apache Kafka:
 *
 *   npm run conformance                        a slice of every judge, in about eight minutes once the tools are there
 *   npm run conformance -- --full              everything, and docs/conformance.md is written
 *   npm run conformance -- --only librdkafka   these judges alone (names with commas)
 *   npm run conformance -- --again             a judge that failed gets a second try, and says so (CI)
 *
 * The last line is the count of all.
 */
import { parseArgs } from 'node:util'
import { judge as kafkajs } from './clients/kafkajs.ts'
import { judge as kcat } from './clients/kcat.ts'
import { judge as commands } from './commands/judge.ts'
import { judge as consolePages } from './console/judge.ts'
import { writeSection } from './document.ts'
import { judge as confluentSchemas } from './judges/confluent-schemas.ts'
import { judge as franzGo } from './judges/franz-go.ts'
import { judge as kafkaPython } from './judges/kafka-python.ts'
import { judge as librdkafka } from './judges/librdkafka.ts'
import { OurBroker } from './judges/our-broker.ts'
import { judge as platformatic } from './judges/platformatic.ts'
import { judge as kafka } from './kafka/judge.ts'
import { judge as kafkaTools } from './kafka-tools/judge.ts'
import { judge as programs } from './programs/judge.ts'
import { VERSION as APICURIO } from './registry/apicurio.ts'
import { judge as registry } from './registry/judge.ts'
import { Report } from './report.ts'
import { judge as security } from './security/judge.ts'
import { NotToBeHad } from './tools.ts'

interface Judge {
  readonly versions: string
  run(report: Report, full: boolean): Promise<void>
}

const client =
  (judge: (report: Report, brokers: readonly string[], full: boolean) => Promise<void>) => async (report: Report, full: boolean) => {
    await using broker = await OurBroker.start('disk')
    await judge(report, [broker.address], full)
  }

const JUDGES: Readonly<Record<string, Judge>> = {
  kafkajs: {
    versions: 'kafkajs 2.2.4, on disk, and its administration client on one node, on three, and with SASL and ACLs',
    run: client(kafkajs),
  },
  kcat: { versions: 'kcat 1.7.1 on librdkafka 2.0.2, on disk', run: client(kcat) },
  platformatic: { versions: '@platformatic/kafka 2.12.1, on disk', run: platformatic },
  'confluent-schemas': {
    versions: "confluent-kafka 2.16.1's serializers for Avro, JSON Schema and Protobuf, read by tidemark consume",
    run: confluentSchemas,
  },
  registry: {
    versions: `Apicurio Registry ${APICURIO}: Confluent's serializers and tidemark consume with it, and its storage in topics of ours and of Apache Kafka 4.3.1`,
    run: registry,
  },
  'kafka-python': { versions: 'kafka-python 2.0.2, on disk', run: kafkaPython },
  'franz-go': {
    versions:
      "franz-go 1.22.3's suite kgo, and its administration client kadm 1.20.0, on disk, in memory, and on disk with SIGKILL every few seconds",
    run: franzGo,
  },
  librdkafka: { versions: "librdkafka 2.15.1's test runner, on disk", run: librdkafka },
  'kafka-tools': {
    versions: "Apache Kafka 4.3.1's command line tools, the same script on ours and on Apache Kafka 4.3.1",
    run: kafkaTools,
  },
  programs: {
    versions:
      "Sarama 1.61.1's cluster administration, kafka-console 3.1.55 and kafkatop 1.16, the same calls on ours and on Apache Kafka 4.3.1",
    run: programs,
  },
  commands: {
    versions: 'the table of docs/guide/commands.md: our command line, a process a line, on Apache Kafka 4.3.1 and 3.9.1',
    run: commands,
  },
  kafka: { versions: 'our client, consumer and demo on Apache Kafka 4.3.1 and 3.9.1, and on a cluster of three', run: kafka },
  console: { versions: "the console's pages in the system's Chromium, on ours and on Apache Kafka 4.3.1", run: consolePages },
  security: {
    versions:
      'clients of Apache Kafka 4.3.1, kafka-python 2.0.2 and librdkafka 2.16.1 on ours, and ours on Apache Kafka 4.3.1, with TLS and SASL',
    run: security,
  },
}

const { values } = parseArgs({
  options: { full: { type: 'boolean', default: false }, only: { type: 'string' }, again: { type: 'boolean', default: false } },
})
const names = values.only?.split(',') ?? Object.keys(JUDGES)
const unknown = names.filter((name) => JUDGES[name] === undefined)
if (unknown.length > 0) {
  console.error(`no judge is named '${unknown.join("', '")}'; the names are ${Object.keys(JUDGES).join(', ')}`)
  process.exit(2)
}

// What was started stops at 'exit', which a signal alone would not bring about.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1))

const reports: Report[] = []
for (const name of names) {
  const { versions } = JUDGES[name]!
  const startedMs = performance.now()
  const first = await judged(name)
  const report = first.failed > 0 && values.again ? await judgedAgain(name, first) : first
  reports.push(report)
  const seconds = (performance.now() - startedMs) / 1_000
  console.log(`         ${name}: ${seconds.toFixed(1)} s`)
  if (values.full && report.passed + report.failed > 0) writeSection(report, seconds, versions)
}

async function judged(name: string): Promise<Report> {
  const report = new Report(name)
  await JUDGES[name]!.run(report, values.full).catch((error) => {
    if (error instanceof NotToBeHad) report.skip('everything', error.message)
    else return report.check('runs to its end', () => Promise.reject(error))
  })
  return report
}

function judgedAgain(name: string, { failures }: Report): Promise<Report> {
  for (const failure of failures) console.log(`FIRST TRY FAILED  ${name}: ${failure}`)
  return judged(name)
}

const sum = (of: (r: Report) => number): number => reports.reduce((total, r) => total + of(r), 0)
const failed = sum((r) => r.failed)
console.log(`${sum((r) => r.passed)} passed, ${failed} failed, ${sum((r) => r.skipped)} skipped`)
process.exit(failed === 0 ? 0 : 1)
