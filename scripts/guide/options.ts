/**
 * Writes docs/guide/options.md from the docstrings: every option of every function that takes some, with its default,
 * its unit and Kafka's name for it. `node scripts/guide/options.ts` writes it; a test says when it is out of date.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { markdownTable } from '../markdown.ts'

export interface OptionTable {
  /** What takes the options. */
  readonly call: string
  /** A file under packages/. */
  readonly file: string
  readonly type: string
  /** Members that are not a user's. */
  readonly without?: readonly string[]
}

export const TABLES: readonly OptionTable[] = [
  { call: 'createKafka(options)', file: 'client/src/options.ts', type: 'KafkaOptions' },
  { call: 'createProducer(kafka, options)', file: 'client/src/produce/types.ts', type: 'ProducerOptions' },
  { call: 'read(kafka, topic, options)', file: 'client/src/read/types.ts', type: 'ReadOptions' },
  { call: 'createConsumer(kafka, options)', file: 'consumer/src/options.ts', type: 'ConsumerOptions' },
  { call: 'commit of createConsumer', file: 'consumer/src/options.ts', type: 'CommitOptions' },
  { call: 'poison of each and batches', file: 'consumer/src/settings.ts', type: 'PoisonOptions' },
  { call: 'each(topics, settings, handler) and batches', file: 'consumer/src/settings.ts', type: 'WorkSettings' },
  { call: 'each alone', file: 'consumer/src/settings.ts', type: 'EachSettings' },
  { call: 'batches alone', file: 'consumer/src/settings.ts', type: 'BatchSettings' },
  { call: 'retry of each and batches', file: 'consumer/src/work/retry.ts', type: 'Retry' },
  { call: 'workers of each', file: 'consumer/src/work/workers/options.ts', type: 'WorkersOptions' },
  { call: 'messages(topics, settings)', file: 'consumer/src/settings.ts', type: 'MessagesSettings' },
  { call: 'close(options), of a consumer', file: 'consumer/src/consumer.ts', type: 'CloseOptions' },
  { call: 'commit(limits), of a consumer and of a context', file: 'consumer/src/commit/limits.ts', type: 'CommitLimits' },
  { call: 'deadLetter(topic, options)', file: 'consumer/src/work/dead-letter.ts', type: 'DeadLetterOptions' },
  { call: 'redrive(kafka, topic, options)', file: 'consumer/src/redrive/options.ts', type: 'RedriveOptions' },
  { call: 'replay(options), of a consumer', file: 'consumer/src/replay/options.ts', type: 'ReplayOptions' },
  { call: 'supervise(make, options)', file: 'consumer/src/supervise/options.ts', type: 'SuperviseOptions' },
  { call: 'sequence(options, handler)', file: 'consumer/src/sequence/sequence.ts', type: 'SequenceOptions' },
  { call: 'exactlyOnce(db, options)', file: 'consumer/src/stores/options.ts', type: 'ExactlyOnceOptions' },
  { call: 'exactlyOnce, and what else has tables', file: 'consumer/src/stores/options.ts', type: 'TableOptions' },
  { call: 'idempotent(store, handler, options)', file: 'consumer/src/ids/idempotent.ts', type: 'IdempotentOptions' },
  { call: 'memoryIds(options)', file: 'consumer/src/ids/memory.ts', type: 'MemoryIdsOptions' },
  { call: 'createLock(db, options)', file: 'consumer/src/locks/lock.ts', type: 'LockOptions' },
  { call: 'createLock and redisIds on Redis', file: 'consumer/src/redis.ts', type: 'RedisOptions' },
  { call: 'lock.acquire(name, options) and lock.run', file: 'consumer/src/locks/lock.ts', type: 'AcquireOptions' },
  { call: 'metrics(options)', file: 'consumer/src/telemetry/metrics.ts', type: 'MetricsOptions' },
  { call: 'instrument(consumer, options)', file: 'consumer/src/telemetry/opentelemetry.ts', type: 'InstrumentOptions' },
  { call: 'startBroker(options)', file: 'broker/src/options.ts', type: 'BrokerOptions', without: ['listeners'] },
  { call: 'where a broker listens', file: 'broker/src/options.ts', type: 'ListenOptions' },
  { call: 'startTestKafka(options)', file: 'testing/src/fixture/test-kafka.ts', type: 'TestKafkaOptions' },
  { call: 'seed(topic, messages, options), of the fixture', file: 'testing/src/fixture/test-kafka.ts', type: 'SeedOptions' },
  { call: 'produced(topic, options) and committed, of the fixture', file: 'testing/src/fixture/test-kafka.ts', type: 'WaitOptions' },
  { call: 'produced alone', file: 'testing/src/fixture/test-kafka.ts', type: 'ProducedOptions' },
  { call: 'committed alone', file: 'testing/src/fixture/test-kafka.ts', type: 'CommittedOptions' },
  { call: 'faults.fail(api, options), delay and drop', file: 'testing/src/faults/rules.ts', type: 'FaultFilter' },
  { call: 'faults.fail alone', file: 'testing/src/faults/rules.ts', type: 'FailOptions' },
  { call: 'faults.delay alone', file: 'testing/src/faults/rules.ts', type: 'DelayOptions' },
  { call: 'faults.drop alone', file: 'testing/src/faults/rules.ts', type: 'DropOptions' },
  { call: 'crashTest(service, options)', file: 'testing/src/crash/options.ts', type: 'CrashTestOptions' },
  { call: 'startConsole(kafka, options)', file: 'console/src/options.ts', type: 'ConsoleOptions' },
]

export interface Option {
  readonly name: string
  readonly type: string
  readonly isRequired: boolean
  readonly default: string | undefined
  readonly kafka: string | undefined
  readonly text: string
}

const root = path.join(import.meta.dirname, '..', '..')
const PAGE = path.join(root, 'docs', 'guide', 'options.md')

/** The members of an exported interface; formatted source has each on a line of its own, under its docstring. */
export function optionsOf({ file, type, without = [] }: OptionTable): Option[] {
  const source = readFileSync(path.join(root, 'packages', file), 'utf8')
  const body = new RegExp(`^export interface ${type}\\b[^{]*\\{\\n([\\s\\S]*?)^}$`, 'm').exec(source)?.[1]
  if (body === undefined) throw new Error(`${file} declares no interface ${type}`)
  const members = [
    ...body.matchAll(/(?: {2}\/\*\*([\s\S]*?)\*\/\n)? {2}readonly (\w+)(\??): ([\s\S]*?)(?=\n {2}(?:\/\*\*|readonly )|\n*$)/g),
  ].filter(([, , name]) => !without.includes(name!))
  return members.map(([, doc = '', name, optional, type]) => ({
    name: name!,
    type: oneLine(type!),
    isRequired: optional === '',
    ...readDoc(doc),
  }))
}

const oneLine = (text: string): string => text.replace(/\s*\n\s*\*?\s*/g, ' ').trim()

/** Takes the default and Kafka's name out of a docstring: `Kafka: \`acks\`.` and `Default: all.` */
function readDoc(doc: string): Pick<Option, 'default' | 'kafka' | 'text'> {
  let text = oneLine(doc.replace(/^\s*\*\s?/gm, ''))
  const take = (pattern: RegExp): string | undefined => {
    const found = pattern.exec(text)
    if (found === null) return undefined
    text = text.replace(found[0], ' ').replace(/\s+/g, ' ').trim()
    return found[1]!.trim()
  }
  const kafka = take(/\bKafka: `([^`]+)`(?:[.;]|$)/)
  const value = take(/\bDefault: ((?:[^.;]|\.(?=\S))+)(?:[.;]|$)/)
  const sentence = text.replace(/[;:]$/, '.')
  return {
    default: value && value.charAt(0).toLowerCase() + value.slice(1),
    kafka: kafka && `\`${kafka}\``,
    text: sentence.charAt(0).toUpperCase() + sentence.slice(1),
  }
}

const unitOf = (name: string): string => (name.endsWith('Ms') ? ' ms' : '')

function defaultOf(option: Option): string {
  if (option.isRequired && option.default === undefined) return 'required'
  if (option.default === undefined) return ''
  return /^[\d,]+$/.test(option.default) ? `${option.default}${unitOf(option.name)}` : option.default
}

function tableOf(table: OptionTable): string {
  const cell = (text: string): string => text.replaceAll('|', '\\|')
  const rows = optionsOf(table).map((o) => [`\`${o.name}\``, cell(defaultOf(o)), o.kafka ?? '', cell(o.text)])
  return [`## ${table.call}`, '', ...markdownTable(['option', 'default', "Kafka's name", 'what it is'], rows)].join('\n')
}

export const optionsPage = (): string =>
  `# Options

Written from the docstrings of the source. Durations are in milliseconds where a name ends in \`Ms\`, and sizes in bytes where it contains
\`Bytes\`. An unknown option is refused, with the name that is nearest to it.

${TABLES.map(tableOf).join('\n\n')}
`

export const writtenPage = (): string => readFileSync(PAGE, 'utf8').replaceAll('\r\n', '\n')

if (import.meta.main) writeFileSync(PAGE, optionsPage())
