/** Options of locks, ids and stores, as they are refused where they are given. */
import { expect, test } from 'vitest'
import * as mysql from './mysql.ts'
import * as postgres from './postgres.ts'
import * as redis from './redis.ts'
import * as sqlite from './sqlite.ts'

const client = { eval: async () => null }
const pool = { connect: async () => {}, getConnection: async () => {}, prepare() {}, exec() {} } as never
const calls: [string, (options: never) => unknown][] = [
  ['redis createLock', (o) => redis.createLock(client, o)],
  ['redisIds', (o) => redis.redisIds(client, o)],
  ['postgres createLock', (o) => postgres.createLock(pool, o)],
  ['postgresIds', (o) => postgres.postgresIds(pool, o)],
  ['postgres exactlyOnce', (o) => postgres.exactlyOnce(pool, o)],
  ['mysqlIds', (o) => mysql.mysqlIds(pool, o)],
  ['mysql exactlyOnce', (o) => mysql.exactlyOnce(pool, o)],
  ['sqliteIds', (o) => sqlite.sqliteIds(pool, o)],
  ['sqlite exactlyOnce', (o) => sqlite.exactlyOnce(pool, o)],
]

test.each(calls)('%s takes an object of options that it knows', (_, call) => {
  for (const wrong of [null, 7, 'tidemark', [], () => {}]) {
    expect(() => call(wrong as never)).toThrow(expect.objectContaining({ code: 'INVALID_OPTION' }))
  }
  expect(() => call({ perfix: 'a', shcema: 'a' } as never)).toThrow(/unknown option 'perfix'/)
  call({} as never)
})

test.each(calls.filter(([name]) => !name.startsWith('redis')))('%s: a schema of any other kind is refused by its value', (_, call) => {
  for (const schema of [5n, Symbol('s'), null, 'a b', '']) expect(() => call({ schema } as never)).toThrow(/option 'schema' is/)
})
