/** The contract of a store on every database and driver. */
import { rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { idCases } from '../../packages/consumer/src/ids/ids.case.ts'
import { lockCases } from '../../packages/consumer/src/locks/lock.case.ts'
import { RedisLocks } from '../../packages/consumer/src/locks/redis.ts'
import { redisIds } from '../../packages/consumer/src/redis.ts'
import { PARTITION, storeCases } from '../../packages/consumer/src/stores/store.case.ts'
import type { StoredPosition } from '../../packages/consumer/src/stores/store.ts'
import { equal, type Report } from '../report.ts'
import { NotToBeHad } from '../tools.ts'
import { betterSqlite, type DriverName, drivers, redisOf, type Where } from './drivers.ts'

export async function contract(report: Report, name: DriverName, where: Where, of: string = name): Promise<void> {
  for (const [title, run] of Object.entries(storeCases)) {
    const database = await drivers[name](where)
    await report.check(`${of}: ${title}`, () => run(database))
    await database.clear()
    await database.close()
  }
  await late(report, name, where, of)
  if (name === 'mysql2') await deadlock(report, where, of)
  else await refused(report, name, where, of)
}

/** PostgreSQL alone: others go on after a statement that failed, and have no deferred unique constraints. */
async function refused(report: Report, name: DriverName, where: Where, of: string): Promise<void> {
  const database = await drivers[name](where)
  const { store, send, write } = database
  await report.check(`${of}: what the database refuses to commit is a failure of the handler`, async () => {
    const { holding } = await store.takeOver(PARTITION, 'a')
    await store.begin(holding, at(0), 0)
    await database.query('ALTER TABLE effects ADD CONSTRAINT once UNIQUE (value) DEFERRABLE INITIALLY DEFERRED')
    const codes: string[] = []
    const told = (error: { code?: string; message: string }): unknown => codes.push(error.code ?? error.message)
    await store.run(holding, [at(0)], async (tx) => (await write(tx, 'a'), write(tx, 'a'))).catch(told)
    await store
      .run(holding, [at(0)], async (tx) => {
        await write(tx, 'a')
        await send(tx, 'SELECT nonsense').catch(() => {})
      })
      .catch(told)
    equal(codes.includes('STORE_FAILED') || codes.length !== 2, false)
    await store.run(holding, [at(0)], (tx) => write(tx, 'b'))
    equal(await database.effects(), ['b'])
  })
  await database.clear()
  await database.close()
}

/** MySQL rolls the whole transaction back, and commits what is sent next by itself. */
async function deadlock(report: Report, where: Where, of: string): Promise<void> {
  const database = await drivers.mysql2(where)
  const { store, send, write } = database
  await report.check(`${of}: a handler that catches a deadlock writes nothing more`, async () => {
    const { holding } = await store.takeOver(PARTITION, 'a')
    await store.begin(holding, at(0), 0)
    await database.query('CREATE TABLE two (id int PRIMARY KEY, n int)')
    await database.query('INSERT INTO two VALUES (1, 0), (2, 0)')
    const both = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
    const refusals: string[] = []
    const handle = (offset: number): Promise<void> =>
      store.run(holding, [at(offset)], async (tx) => {
        await send(tx, `UPDATE two SET n = n + 1 WHERE id = ${1 + offset}`)
        both[offset]!.resolve()
        await both[1 - offset]!.promise
        await send(tx, `UPDATE two SET n = n + 1 WHERE id = ${2 - offset}`).catch(() => {})
        await Promise.resolve()
          .then(() => write(tx, `${offset}`))
          .catch((error) => refusals.push(error.message))
      })
    const results = await Promise.allSettled([handle(0), handle(1)])
    equal(results.map((r) => (r.status === 'fulfilled' ? 'done' : r.reason.code)).sort(), ['STORE_UNAVAILABLE', 'done'])
    equal(refusals.length, 1)
    equal([(await database.effects()).length, await database.inbox()], [1, 1])
  })
  await database.query('DROP TABLE IF EXISTS two')
  await report.check(`${of}: a handler cannot send what commits implicitly`, async () => {
    const { holding } = await store.takeOver(PARTITION, 'a')
    const sent: string[] = []
    for (const statement of ['CREATE TABLE two (id int)', 'TRUNCATE effects', 'SET autocommit = 1', 'LOCK TABLES effects WRITE']) {
      const sending = store.run(holding, [at(7)], (tx) => send(tx, statement))
      await sending.catch((error) => / is refused on tx/.test(error.message) || sent.push(statement))
    }
    await store.run(holding, [at(7)], (tx) => send(tx, 'CREATE TEMPORARY TABLE passing (id int)'))
    equal(sent, [])
  })
  await database.clear()
  await database.close()
}

/** Its caller tried again meanwhile, and what the store knew of the record is swept away. */
async function late(report: Report, name: DriverName, where: Where, of: string): Promise<void> {
  const database = await drivers[name](where, { statementTimeoutMs: 300 }, 1)
  const { store, write } = database
  await report.check(`${of}: a transaction that waited too long for a connection never happens`, async () => {
    const { holding } = await store.takeOver(PARTITION, 'a')
    await store.begin(holding, at(0), 0)
    const taken = Promise.withResolvers<void>()
    const given = Promise.withResolvers<void>()
    const first = store.run(holding, [at(0)], () => (taken.resolve(), given.promise))
    await taken.promise
    let error: { readonly code?: string } | undefined
    await store
      .run(holding, [at(1)], (tx) => write(tx, 'late'))
      .catch((cause) => {
        error = cause
      })
    given.resolve()
    await first
    equal(error?.code, 'STORE_UNAVAILABLE')
    await store.run(holding, [at(1)], (tx) => write(tx, 'again'))
    await store.advance(holding, at(2))
    await store.run(holding, [at(2)], (tx) => write(tx, 'next'))
    equal([...(await database.effects())].sort(), ['again', 'next'])
  })
  await database.clear()
  await database.close()
}

const at = (offset: number): StoredPosition => ({ offset, leaderEpoch: 0 })

/** Locks and ids in the same database. */
export async function contractOfLocks(report: Report, name: DriverName, where: Where, of: string = name): Promise<void> {
  const database = await drivers[name](where)
  for (const [title, run] of Object.entries(idCases)) await report.check(`${of}, id: ${title}`, () => run(database.ids))
  const { locks } = database
  if (locks !== undefined)
    for (const [title, run] of Object.entries(lockCases)) await report.check(`${of}, lock: ${title}`, () => run(locks))
  await database.clear()
  await database.close()
}

export async function contractOfRedis(report: Report, { host, port }: Where): Promise<void> {
  const redis = redisOf({ host, port })
  for (const [title, run] of Object.entries(idCases)) await report.check(`ioredis, id: ${title}`, () => run(redisIds(redis)))
  for (const [title, run] of Object.entries(lockCases))
    await report.check(`ioredis, lock: ${title}`, () => run(new RedisLocks(redis, 'tidemark')))
  await report.check('ioredis, lock: the number grows even if Redis has lost everything', async () => {
    const locks = new RedisLocks(redis, 'tidemark')
    const before = await locks.acquire('lost', 'a', 60_000)
    await redis.flushall()
    const after = await locks.acquire('lost', 'b', 60_000)
    if (!(after! > before!)) throw new Error(`${after} after ${before}`)
  })
  redis.disconnect()
}

export async function contractOfBetterSqlite(report: Report): Promise<void> {
  for (const [title, run] of Object.entries(storeCases)) {
    const file = path.join(tmpdir(), `tidemark-better-sqlite-${process.pid}.db`)
    try {
      const database = betterSqlite(file)
      await report.check(`better-sqlite3: ${title}`, () => run(database))
      await database.close()
    } catch (error) {
      if (!(error instanceof NotToBeHad)) throw error
      return report.skip('better-sqlite3', error.message)
    } finally {
      rmSync(file, { force: true })
    }
  }
}
