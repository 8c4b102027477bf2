/** Time limits of the drivers: what was told that it took too long is tried again, and must not happen as well. */
import type { Clock } from '@tidemark/platform'
import { ManualClock } from '@tidemark/platform/testing'
import { describe, expect, test } from 'vitest'
import { MysqlConnector } from './mysql2.ts'
import { PgConnector } from './pg.ts'
import { PostgresJsConnector } from './postgres-js.ts'
import { ConnectionLost, type SqlConnector } from './sql.ts'

const SLOW = 'SELECT slowly'

/** A pool whose connections come when the test says so. */
interface Pool {
  readonly connector: SqlConnector<unknown>
  /** So many are asked for and have not come. */
  readonly asked: number
  come(): void
  /** The answer to `SLOW`. */
  readonly answer: PromiseWithResolvers<void>
  /** What the server was sent, without the beginning of transactions; 'back' where a connection was unused. */
  readonly seen: readonly string[]
}

function pool<C>(
  make: (connect: () => Promise<C>, clock: Clock) => SqlConnector<unknown>,
  connection: (seen: string[], answered: Promise<void>) => C,
) {
  return (clock: Clock): Pool => {
    const waiting: PromiseWithResolvers<C>[] = []
    const seen: string[] = []
    const answer = Promise.withResolvers<void>()
    const connect = (): Promise<C> => {
      const coming = Promise.withResolvers<C>()
      waiting.push(coming)
      return coming.promise
    }
    return {
      connector: make(connect, clock),
      get asked() {
        return waiting.length
      },
      come: () => waiting.shift()!.resolve(connection(seen, answer.promise)),
      answer,
      seen,
    }
  }
}

const plain = (result: unknown) => (seen: string[], answered: Promise<void>) => {
  let isUsed = false
  const query = async (sql: string): Promise<unknown> => {
    isUsed = true
    if (!/^(START TRANSACTION|BEGIN ISOLATION LEVEL READ COMMITTED)$/.test(sql)) seen.push(sql.replace(/^BEGIN [A-Z ]+; /, ''))
    if (sql.endsWith(SLOW)) await answered
    return result
  }
  const release = (): void => void (isUsed || seen.push('back'))
  return { query, release, destroy: release, on() {}, removeListener() {} }
}

type OfPostgres = (body: (sql: unknown) => Promise<unknown>) => Promise<unknown>

const pools = {
  pg: pool((connect, clock) => new PgConnector({ connect }, clock), plain({ rows: [], command: 'COMMIT' })),
  mysql2: pool((getConnection, clock) => new MysqlConnector({ getConnection }, clock), plain([[]])),
  postgres: pool<OfPostgres>(
    (connect, clock) => new PostgresJsConnector({ begin: async (_, body) => (await connect())(body), unsafe() {} }, clock),
    (seen, answered) => async (body) => {
      let isUsed = false
      const unsafe = (sql: string): unknown => {
        isUsed = true
        seen.push(sql)
        const rows = sql === SLOW ? answered.then(() => []) : Promise.resolve([])
        return Object.assign(rows, { simple: () => rows })
      }
      try {
        const result = await body({ unsafe })
        seen.push('COMMIT')
        return result
      } catch (error) {
        if (seen.includes(SLOW)) await answered // the connection does one after the other
        seen.push(isUsed ? 'ROLLBACK' : 'back')
        throw error
      }
    },
  ),
}

/** All that follows from what has happened, without time. */
async function settled(clock: ManualClock): Promise<void> {
  for (let turn = 0; turn < 5; turn++) {
    await new Promise((resolve) => setImmediate(resolve))
    clock.advance(0)
  }
}

describe.each(Object.entries(pools))('%s', (_, make) => {
  test('a connection that comes too late is not used', async () => {
    const clock = new ManualClock()
    const { connector, come, seen } = make(clock)
    let calls = 0
    const late = connector.transaction(['SELECT 1'], async () => calls++, 1_000)
    const told = expect(late).rejects.toBeInstanceOf(ConnectionLost)
    clock.advance(1_000)
    await told
    come()
    await settled(clock)
    expect({ calls, seen }).toEqual({ calls: 0, seen: ['back'] })
  })

  test('who asks next has the connection that was left, and no more are asked for', async () => {
    const clock = new ManualClock()
    const t = make(clock)
    for (let i = 0; i < 10; i++) {
      const late = expect(t.connector.transaction([], async () => i, 1_000)).rejects.toBeInstanceOf(ConnectionLost)
      clock.advance(1_000)
      await late
    }
    expect(t.asked).toBe(1)
    const next = t.connector.transaction(['SELECT 1'], async () => 'done', 1_000)
    t.come()
    await settled(clock)
    expect(await next).toBe('done')
    expect(t.seen).toEqual(['SELECT 1', 'COMMIT'])
  })
  test('a statement that took too long, and was answered later, is told as one that may be tried again', async () => {
    const clock = new ManualClock()
    const { connector, come, answer, seen } = make(clock)
    let calls = 0
    const late = connector.transaction([SLOW], async () => calls++, 1_000)
    const told = expect(late).rejects.toBeInstanceOf(ConnectionLost)
    come()
    await settled(clock)
    clock.advance(1_000)
    answer.resolve()
    await settled(clock)
    await told
    expect(calls).toBe(0)
    expect(seen).not.toContain('COMMIT')
  })
})
