/**
 * The same message twice, where the effect is in a database: the record's effect and its place in one transaction. A
 * process dies after it has written and before it has committed to Kafka; the account is right all the same.
 */
import assert from 'node:assert/strict'
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { createAdmin, createKafka, createProducer } from '@tidemark/client'
import { createConsumer } from '@tidemark/consumer'
import { exactlyOnce } from '@tidemark/consumer/sqlite'
import { startCluster } from '../cluster.ts'

async function consume(file: string, crashAt: number, brokers: string[]): Promise<void> {
  using db = new DatabaseSync(file)
  await using kafka = createKafka({ brokers })
  await using consumer = createConsumer(kafka, {
    group: 'unique.accounts',
    commit: { intervalMs: 60_000 }, // on purpose, Kafka has heard of nothing when the process dies
    instanceId: 'accounts-1',
  })
  const stop = new AbortController()
  consumer.each(
    'unique.payments',
    {
      store: exactlyOnce(db), // the lesson: a record that is in the table was handled, whatever Kafka says
    },
    async ({ offset, value }) => {
      if (offset === crashAt) process.kill(process.pid, 'SIGKILL')
      db.prepare('UPDATE account SET balance = balance + ?').run(Number(value))
      if (offset === 9) stop.abort()
    },
  )
  await consumer.run({ signal: stop.signal })
}

if (process.send !== undefined) {
  const [file, crashAt, ...brokers] = process.argv.slice(2)
  await consume(file!, Number(crashAt), brokers)
  process.disconnect()
} else {
  await using cluster = await startCluster()
  await createAdmin(cluster.kafka).topics.create('unique.payments', { partitions: 1 })
  await using producer = createProducer(cluster.kafka)
  await producer.send(
    'unique.payments',
    Array.from({ length: 10 }, () => ({ value: '100' })),
  )

  const folder = mkdtempSync(path.join(tmpdir(), 'accounts-'))
  const file = path.join(folder, 'accounts.db')
  const db = new DatabaseSync(file)
  db.exec('PRAGMA journal_mode = WAL; CREATE TABLE account (balance INTEGER); INSERT INTO account VALUES (0)')
  const balance = () => db.prepare('SELECT balance FROM account').get()?.balance

  await once(fork(import.meta.filename, [file, '5', ...cluster.brokers]), 'exit')
  console.log(`after the crash: ${balance()}`)
  await once(fork(import.meta.filename, [file, '-1', ...cluster.brokers]), 'exit')
  console.log(`at the end:      ${balance()}`)
  const atTheEnd = balance()
  db.close()
  rmSync(folder, { recursive: true })

  assert.equal(atTheEnd, 1_000)
}
