/**
 * One consumer of consumers.ts, in a process of its own. It appends a line to the common journal for each record when
 * its work is done, before anything is committed, and for each partition that it gets or loses: a write to a file
 * opened for appending outlives SIGKILL.
 */
import { openSync, writeSync } from 'node:fs'
import { createKafka } from '@tidemark/client'
import { createConsumer } from '@tidemark/consumer'
import { sleep } from '../waiting.ts'

export interface MemberTask {
  readonly address: string
  readonly topic: string
  readonly group: string
  /** Of this process: no other one ever has it. */
  readonly name: string
  readonly journal: string
  readonly sessionTimeoutMs: number
  readonly workMsMax: number
}

const task = JSON.parse(process.env.KILLS_MEMBER!) as MemberTask
const journal = openSync(task.journal, 'a')
const note = (...words: (string | number)[]): void => void writeSync(journal, `${words.join(' ')}\n`)
const stop = new AbortController()
process.on('SIGTERM', () => stop.abort())

const kafka = createKafka({
  brokers: [task.address],
  clientId: task.name,
  connectTimeoutMs: 1_000,
  retry: { delayMs: 20, delayMaxMs: 200 },
})
const consumer = createConsumer(kafka, {
  group: task.group,
  sessionTimeoutMs: task.sessionTimeoutMs,
  rebalanceTimeoutMs: 5_000,
  shutdownTimeoutMs: 5_000,
  commit: { intervalMs: 200 },
})

consumer.each(task.topic, { order: 'key', concurrency: 20 }, async ({ key, value, partition, offset }) => {
  note('began', task.name, partition, offset)
  await sleep(Math.random() * task.workMsMax)
  note('done', task.name, key!.toString(), value!.toString(), partition, offset)
})

async function tell(): Promise<void> {
  for await (const event of consumer.events) {
    if (event.kind === 'assigned') note('assigned', task.name, event.partition)
    if (event.kind === 'ended') note('ended', task.name, event.partition, event.reason)
    if (event.kind === 'commitRefused') note('refused', task.name, event.partition, event.offset, event.error.code)
  }
}

try {
  await Promise.all([tell(), consumer.run({ signal: stop.signal })])
} catch (error) {
  note('failed', task.name, error instanceof Error ? `${(error as { code?: string }).code} ${error.message}` : String(error))
  process.exitCode = 1
}
await kafka.close()
