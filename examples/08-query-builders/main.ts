/**
 * The same message twice, with a query builder: Drizzle and Kysely write on the connection of the record's transaction.
 * What a failing handler wrote is taken back, and a record that is delivered again has no second effect.
 */
import assert from 'node:assert/strict'
import { createAdmin, createProducer } from '@tidemark/client'
import { createConsumer } from '@tidemark/consumer'
import { exactlyOnce } from '@tidemark/consumer/postgres'
import { drizzle } from 'drizzle-orm/node-postgres'
import { pgTable, text } from 'drizzle-orm/pg-core'
import { Kysely, PostgresDialect, type PostgresPoolClient } from 'kysely'
import type { PoolClient } from 'pg'
import { startCluster } from '../cluster.ts'
import { startDatabase } from '../database.ts'

const KEYS = ['a', 'b', 'c']

await using cluster = await startCluster()
await using database = await startDatabase()
const { kafka } = cluster
const { pool } = database
for (const table of ['payments', 'refunds']) await pool.query(`DROP TABLE IF EXISTS ${table}; CREATE TABLE ${table} (id text NOT NULL)`)
const admin = createAdmin(kafka)
await using producer = createProducer(kafka)
for (const topic of ['builders.orders', 'builders.refunds']) {
  await admin.topics.create(topic, { partitions: 1 })
  await producer.send(
    topic,
    KEYS.map((key) => ({ key, value: '' })),
  )
}

const payments = pgTable('payments', { id: text('id').notNull() })

interface Tables {
  refunds: { id: string }
}

/** Kysely on the connection of a transaction, which it neither ends nor gives back. */
const kyselyOn = (tx: PoolClient): Kysely<Tables> => {
  const connection = { query: tx.query.bind(tx), release() {} } as PostgresPoolClient
  return new Kysely({ dialect: new PostgresDialect({ pool: { connect: async () => connection, end: async () => {} } }) })
}

/** Runs until `expected` records of both topics were handled; what was called, and did not fail. */
async function consume(failing: string | undefined, expected: number): Promise<string[]> {
  const stop = new AbortController()
  const handled: string[] = []
  const finish = ({ topic, key }: { topic: string; key: Buffer | null }): void => {
    if (String(key) === failing) throw new Error('after the write')
    handled.push(`${topic} ${key}`)
    if (handled.length === expected) stop.abort()
  }

  await using consumer = createConsumer(kafka, { group: 'builders' })
  const settings = {
    store: exactlyOnce(pool), // the lesson: the writes and the record's place are one transaction
    order: 'key',
    concurrency: 4,
    retry: { attempts: 100, delayMs: 10, delayMaxMs: 10 },
  } as const
  consumer.each('builders.orders', settings, async (order, { tx }) => {
    await drizzle(tx)
      .insert(payments)
      .values({ id: String(order.key) })
    finish(order)
  })
  consumer.each('builders.refunds', settings, async (refund, { tx }) => {
    await kyselyOn(tx)
      .insertInto('refunds')
      .values({ id: String(refund.key) })
      .execute()
    finish(refund)
  })
  await consumer.run({ signal: stop.signal })
  return handled.sort()
}

const idsOf = async (table: string): Promise<string> => {
  const { rows } = await pool.query(`SELECT id FROM ${table} ORDER BY id`)
  return rows.map(({ id }) => id).join(' ')
}
const show = async (when: string): Promise<void> =>
  console.log(`${when}: payments ${await idsOf('payments')}; refunds ${await idsOf('refunds')}`)

// Record a is the first of its partition: the group's place stays before it, and b and c are delivered again.
await consume('a', 4)
await show('while a failed')
const handled = await consume(undefined, 2)
await show('at the end    ')

assert.deepEqual(handled, ['builders.orders a', 'builders.refunds a'])
assert.equal(await idsOf('payments'), 'a b c')
assert.equal(await idsOf('refunds'), 'a b c')
