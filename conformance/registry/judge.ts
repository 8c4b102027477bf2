/**
 * A schema registry of others, Apicurio Registry: Confluent's serializers register with it, and `tidemark consume
 * --registry` reads with it; and it keeps its schemas in topics of our broker, as in those of Apache Kafka, over a
 * restart of both.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { startBroker } from '@tidemark/broker'
import { judgeSerializers } from '../judges/confluent-schemas.ts'
import { startKafka } from '../kafka/cluster.ts'
import { NEWEST } from '../kafka/jars.ts'
import { equal, type Report } from '../report.ts'
import { sleep } from '../waiting.ts'
import { install, startApicurio } from './apicurio.ts'
import { type Answer, ask, type Call, CHANGES, READS } from './script.ts'

const SETTLE_MAX_MS = 20_000

export async function judge(report: Report, full: boolean): Promise<void> {
  await install()
  {
    await using registry = await startApicurio()
    await judgeSerializers(report, `${registry.url}/apis/ccompat/v7`, 'numbers')
    report.skip("records with the schema's id in a header", 'this registry gives schemas no GUIDs')
  }
  const ours = await keptByOurs(report)
  if (!full) return report.skip('the same on Apache Kafka', 'takes half a minute more: in the full run alone')
  const kafka = await startKafka(NEWEST, 1)
  try {
    const theirs = await play(report, kafka.brokers[0]!, [...CHANGES, ...READS], 'on Apache Kafka')
    for (const [nth, call] of [...CHANGES, ...READS].entries()) {
      await report.check(`${nth + 1}. ${call.method} ${call.path}: as on Apache Kafka`, () => equal(ours[nth], theirs[nth]))
    }
  } finally {
    await kafka.close()
  }
}

/** The registry is given everything, and reads it back after it and our broker were started anew. */
async function keptByOurs(report: Report): Promise<readonly Answer[]> {
  const data = mkdtempSync(path.join(tmpdir(), 'tidemark-registry-'))
  try {
    const before = await (async () => {
      await using broker = await startBroker({ data })
      return await play(report, broker.brokers[0]!, [...CHANGES, ...READS], 'on our broker')
    })()
    await using broker = await startBroker({ data })
    const after = await play(report, broker.brokers[0]!, READS, 'after a restart of both', before.slice(CHANGES.length))
    for (const [nth, call] of READS.entries()) {
      await report.check(`${call.method} ${call.path}: as before the restart`, () => equal(after[nth], before[CHANGES.length + nth]))
    }
    return before
  } finally {
    rmSync(data, { recursive: true, force: true })
  }
}

/**
 * While it reads its topics the registry answers from what it has read: it is asked again until it answers as
 * `wanted`.
 */
async function play(
  report: Report,
  broker: string,
  calls: readonly Call[],
  where: string,
  wanted?: readonly Answer[],
): Promise<readonly Answer[]> {
  await using registry = await startApicurio(broker)
  const untilMs = performance.now() + SETTLE_MAX_MS
  const answers: Answer[] = []
  for (const [nth, call] of calls.entries()) {
    let answer = await ask(registry.url, call)
    const isWanted = (): boolean => wanted === undefined || JSON.stringify(answer) === JSON.stringify(wanted[nth])
    while (!isWanted() && performance.now() < untilMs) {
      await sleep(200)
      answer = await ask(registry.url, call)
    }
    answers.push(answer)
  }
  await report.check(`the registry has nothing to complain of, ${where}`, () => equal(registry.complaints(), []))
  await report.check(`the registry fails at nothing, ${where}`, () =>
    equal(
      answers.filter(({ status }) => status >= 500),
      [],
    ),
  )
  return answers
}
