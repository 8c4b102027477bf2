/**
 * Apache Kafka's own command line tools: the same script on our broker and on Apache Kafka 4.3.1, what they print and
 * their exit codes compared, step by step; and `dump-log` on our segments.
 */
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { type Broker, startBroker } from '@tidemark/broker'
import { asFormatted, KAFKA_WITH_ACLS, OURS_WITH_ACLS, SAME_AS_KAFKA } from '../kafka/alike.ts'
import { startKafka } from '../kafka/cluster.ts'
import { kafkaJars, NEWEST } from '../kafka/jars.ts'
import { equal, type Report } from '../report.ts'
import type { Finished } from '../tools.ts'
import { ACL_CASES, CASES, type Case, FILES } from './cases.ts'
import { normalised } from './normalise.ts'
import { ToolBox } from './tool-box.ts'

const TRIES_MAX = 20

export async function judge(report: Report): Promise<void> {
  kafkaJars(NEWEST)
  const folder = mkdtempSync(path.join(tmpdir(), 'tidemark-kafka-tools-'))
  try {
    const files = writeFiles(folder)
    const data = path.join(folder, 'data')
    await using tools = new ToolBox(NEWEST)
    const ours = await (async () => {
      await using broker: Broker = await startBroker({ data, ...SAME_AS_KAFKA })
      await asFormatted(broker.brokers)
      return await runAll(CASES, tools, broker.brokers[0]!, files)
    })()
    await dumpLogs(report, tools, data)
    const kafka = await startKafka(NEWEST, 1)
    try {
      await compareAll(report, CASES, ours, await runAll(CASES, tools, kafka.brokers[0]!, files, ours))
    } finally {
      await kafka.close()
    }
    await withAuthorizer(report, tools, files)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** `kafka-acls`, by a user whom both know as ANONYMOUS. */
async function withAuthorizer(report: Report, tools: ToolBox, files: (name: string) => string): Promise<void> {
  const ours = await (async () => {
    await using broker: Broker = await startBroker({ data: ':memory:', ...OURS_WITH_ACLS })
    return await runAll(ACL_CASES, tools, broker.brokers[0]!, files)
  })()
  const kafka = await startKafka(NEWEST, 1, KAFKA_WITH_ACLS)
  try {
    const theirs = await runAll(ACL_CASES, tools, kafka.brokers[0]!, files, ours)
    await compareAll(report, ACL_CASES, ours, theirs, 'with an authorizer: ')
  } finally {
    await kafka.close()
  }
}

function writeFiles(folder: string): (name: string) => string {
  for (const [name, content] of Object.entries(FILES)) {
    writeFileSync(path.join(folder, name), typeof content === 'string' ? content : JSON.stringify(content))
  }
  return (name) => path.join(folder, name)
}

/** Kafka acts on what it has answered a moment later: what only asks is asked again while it differs from `wanted`. */
async function runAll(
  cases: readonly Case[],
  tools: ToolBox,
  broker: string,
  fileOf: (name: string) => string,
  wanted: readonly Finished[] = [],
): Promise<Finished[]> {
  const all: Finished[] = []
  for (const [i, one] of cases.entries()) {
    const { tool, args, input } = one
    const words = args.split(' ').map((word) => word.replace('BROKER', broker).replace(/^FILE:(.*)$/, (_, name) => fileOf(name)))
    let found = await tools.run(tool, words, input)
    const settles = /--(describe|list)\b/.test(args) && one.differs === undefined && wanted[i] !== undefined
    const isWanted = (): boolean => JSON.stringify(answerOf(one, found)) === JSON.stringify(answerOf(one, wanted[i]!))
    for (let tries = 1; settles && tries < TRIES_MAX && !isWanted(); tries++) found = await tools.run(tool, words, input)
    all.push(found)
  }
  return all
}

async function compareAll(
  report: Report,
  cases: readonly Case[],
  ours: readonly Finished[],
  theirs: readonly Finished[],
  where = '',
): Promise<void> {
  for (const [i, one] of cases.entries()) {
    const name = `${where}${one.tool} ${one.args.replace('--bootstrap-server BROKER ', '')}`
    const [found, wanted] = [answerOf(one, ours[i]!), answerOf(one, theirs[i]!)]
    if (one.differs === undefined) await report.check(name, () => equal(found, wanted))
    else if (JSON.stringify(found) !== JSON.stringify(wanted)) report.skip(name, one.differs)
    else await report.check(name, () => Promise.reject(new Error(`it answers as Kafka does now: ${one.differs}`)))
  }
}

/** What of an answer is compared; of stderr, where a failure is said, the first line of each error. */
function answerOf({ shown = (text) => text, exitOnly }: Case, { code, stdout, stderr }: Finished): readonly (number | string | null)[] {
  if (exitOnly) return [code]
  return [code, shown(code === 0 ? normalised(stdout) : errorLines(stdout)), code === 0 ? '' : errorLines(stderr)]
}

const errorLines = (text: string): string =>
  normalised(text)
    .split('\n')
    .filter((line) => line !== '' && !/^(\s*at |\s*\.\.\. \d+ more|SLF4J|WARNING|null$|ToolBox\$Exited)/.test(line))
    .slice(0, 3)
    .join('\n')

/** Segments, their indexes, and the committed offsets in Kafka's own formats. */
async function dumpLogs(report: Report, tools: ToolBox, data: string): Promise<void> {
  const logsOf = (prefix: string): string[] =>
    readdirSync(data, { recursive: true, encoding: 'utf8' })
      .filter((file) => file.startsWith(prefix) && file.endsWith('.log'))
      .map((file) => path.join(data, file))
  await report.check('dump-log --deep-iteration --print-data-log of our segments', async () => {
    const files = logsOf('topics/orders')
    const { code, stdout, stderr } = await tools.run('dump-log', ['--deep-iteration', '--print-data-log', '--files', files.join(',')])
    equal([code, stderr], [0, ''])
    for (const value of ['v19', 'zstd']) if (!stdout.includes(`payload: ${value}`)) throw new Error(`the dump lacks ${value}:\n${stdout}`)
    if (/isvalid: false/i.test(stdout)) throw new Error(`the dump says that a batch is not valid:\n${stdout}`)
  })
  await report.check('dump-log --offsets-decoder of __consumer_offsets', async () => {
    const { code, stdout } = await tools.run('dump-log', ['--offsets-decoder', '--files', logsOf('internal/__consumer_offsets').join(',')])
    equal(code, 0)
    if (!/"group":"billing","topic":"orders","partition":\d/.test(stdout))
      throw new Error(`no commit of the group:\n${stdout.slice(0, 2_000)}`)
  })
}
