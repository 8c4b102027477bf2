/** The same handler into PostgreSQL, one INSERT a record: in the transaction of a store, and in one of its own. */
import { performance } from 'node:perf_hooks'
import { createKafka, type ReceivedMessage } from '@tidemark/client'
import { createConsumer } from '@tidemark/consumer'
import { exactlyOnce } from '@tidemark/consumer/postgres'
import pg from 'pg'

const CONCURRENCY = 64
const INSERT = 'INSERT INTO payments (id, amount) VALUES ($1, $2)'

export async function intoPostgres(brokers: string, topic: string, count: number, port: number, how: 'store' | 'plain') {
  await using kafka = createKafka({ brokers: [brokers] })
  await using consumer = createConsumer(kafka, { group: `${how}-${process.pid}` })
  const pool = new pg.Pool({ host: '127.0.0.1', port, user: 'shop', database: 'postgres', max: CONCURRENCY })
  await pool.query('CREATE TABLE IF NOT EXISTS payments (id text NOT NULL, amount integer NOT NULL)')
  const all = Promise.withResolvers<void>()
  let began = 0
  let cpu = process.cpuUsage()
  let done = 0
  const begin = (): void => {
    if (began !== 0) return
    began = performance.now()
    cpu = process.cpuUsage()
  }
  const end = (): void => {
    if (++done === count) all.resolve()
  }
  const settings = { order: 'key', concurrency: CONCURRENCY } as const
  const valuesOf = ({ key, offset }: ReceivedMessage): unknown[] => [String(key), offset]
  if (how === 'store') {
    consumer.each(topic, { ...settings, store: exactlyOnce(pool) }, async (message, { tx }) => {
      begin()
      await tx.query(INSERT, valuesOf(message))
      end() // its COMMIT is under way: 64 of all records at most
    })
  } else {
    consumer.each(topic, settings, async (message) => {
      begin()
      const client = await pool.connect()
      try {
        await client.query('BEGIN')
        await client.query(INSERT, valuesOf(message))
        await client.query('COMMIT')
      } finally {
        client.release()
      }
      end()
    })
  }
  const stop = new AbortController()
  const running = consumer.run({ signal: stop.signal })
  await Promise.race([all.promise, running])
  const tookMs = performance.now() - began
  const { user, system } = process.cpuUsage(cpu)
  stop.abort()
  await running
  await pool.end()
  return { perSecond: count / (tookMs / 1_000), cpu: (user + system) / 1e6 }
}
