/** What people set for a role of PostgreSQL: limits that are shorter than ours, and a server that is a standby. */
import { PARTITION } from '../../packages/consumer/src/stores/store.case.ts'
import { equal, type Report } from '../report.ts'
import { sleep } from '../waiting.ts'
import { type DriverName, drivers, type Where } from './drivers.ts'

const at = (offset: number) => ({ offset, leaderEpoch: 0 })
const codeOf = (promise: Promise<unknown>): Promise<string> =>
  promise.then(
    () => 'resolved',
    (error: { code?: string }) => String(error.code),
  )

export async function settingsOfServer(report: Report, name: DriverName, where: Where): Promise<void> {
  const database = await drivers[name](where)
  const { holding } = await database.store.takeOver(PARTITION, 'a')
  await database.store.begin(holding, at(0), 0)

  /** With connections that begin with this setting of their role. */
  const having = async (title: string, setting: string, use: (other: typeof database) => Promise<void>): Promise<void> => {
    const other = await drivers[name](where)
    await database.query(`ALTER ROLE shop SET ${setting}`)
    const [{ pid }] = (await other.query('SELECT pg_backend_pid() AS pid')) as [{ pid: number }]
    await database.query(`SELECT pg_terminate_backend(${pid})`) // it made the tables, and has the role's settings of before
    await sleep(100) // until its driver knows
    try {
      await report.check(`${name}, ${setting}: ${title}`, () => use(other))
    } finally {
      await database.query(`ALTER ROLE shop RESET ${setting.split(' ')[0]}`)
      await other.close()
    }
  }

  await having('a takeover waits for the holder before all the same', 'statement_timeout = 200', async (other) => {
    const begun = Promise.withResolvers<void>()
    const running = database.store.run(holding, [at(0)], async () => {
      begun.resolve()
      await sleep(800)
    })
    await begun.promise
    const { done } = await other.store.takeOver(PARTITION, 'b')
    await running
    equal(
      done.map(({ offset }) => offset),
      [0],
    )
  })

  await having('what a standby refuses may pass', 'default_transaction_read_only = on', async (other) => {
    const taken = await database.store.takeOver(PARTITION, 'c')
    equal(await codeOf(other.store.run(taken.holding, [at(1)], (tx) => other.write(tx, 'a'))), 'STORE_UNAVAILABLE')
    await database.store.run(taken.holding, [at(1)], (tx) => database.write(tx, 'b'))
    equal(await database.effects(), ['b'])
  })

  await having('a handler that idles for longer has written nothing', 'idle_in_transaction_session_timeout = 200', async (other) => {
    const taken = await database.store.takeOver(PARTITION, 'd')
    const idle = other.store.run(taken.holding, [at(2)], async (tx) => {
      await other.write(tx, 'idle')
      await sleep(600)
    })
    equal(await codeOf(idle), 'STORE_UNAVAILABLE')
    equal(await database.effects(), ['b'])
  })

  await database.clear()
  await database.close()
}
