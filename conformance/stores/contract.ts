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
