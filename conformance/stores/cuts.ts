/**
 * Connections that are cut at each statement: a takeover, records that are done, a sweep, and a second takeover go on
 * through it, and every effect is there once.
 */
import { PARTITION } from '../../packages/consumer/src/stores/store.case.ts'
import { equal, type Report } from '../report.ts'
import { type Database, type DriverName, drivers, type Where } from './drivers.ts'
import { type Cut, CuttingProxy } from './proxy.ts'

const RECORDS = 5
/** Beyond the last statement of the scene: a cut there cuts nothing. */
const STATEMENTS_MAX = 80

/** As the runtime does: what may pass is tried again. */
async function persist<T>(act: () => Promise<T>): Promise<T> {
  for (let left = 50; ; left--) {
    try {
      return await act()
    } catch (error) {
      if ((error as { code?: string }).code !== 'STORE_UNAVAILABLE' || left === 0) throw error
    }
  }
}

async function scene({ store, write }: Database): Promise<void> {
  const { holding } = await persist(async () => {
    const taken = await store.takeOver(PARTITION, 'a')
    if (taken.position === undefined) await store.begin(taken.holding, { offset: 0, leaderEpoch: 0 }, 0)
    return taken
  })
  const handle = (h: typeof holding, offset: number): Promise<void> =>
    persist(() => store.run(h, [{ offset, leaderEpoch: 0 }], (tx) => write(tx, `${offset}`)))
  for (let offset = 0; offset < RECORDS; offset++) await handle(holding, offset)
  await persist(() => store.advance(holding, { offset: 2, leaderEpoch: 0 }))
  const again = await persist(() => store.takeOver(PARTITION, 'b'))
  equal(again.position?.offset, 2)
  equal(
    again.done.map(({ offset }) => offset),
    [2, 3, 4],
  )
  for (let offset = 2; offset < RECORDS + 1; offset++) await handle(again.holding, offset)
}

export async function cuts(report: Report, name: DriverName, where: Where, isQuick: boolean, of: string = name): Promise<void> {
  let cut = 0
  for (const loses of ['request', 'answer'] as const) {
    await report.check(
      `${of}: a connection that is cut at any statement, its ${loses} lost, costs no effect and repeats none`,
      async () => {
        for (let at = 1; at <= STATEMENTS_MAX; at += isQuick ? 5 : 1) if (await oneCut(name, where, { at, loses })) cut++
      },
    )
  }
  console.log(`         ${of}: ${cut} connections were cut`)
}

async function oneCut(name: DriverName, where: Where, cut: Cut): Promise<boolean> {
  const direct = await drivers[name](where)
  await using proxy = await CuttingProxy.start(where.port, cut)
  const database = await persistConnect(name, { host: '127.0.0.1', port: proxy.port })
  try {
    await scene(database)
    equal(
      [...(await direct.effects())].sort(),
      Array.from({ length: RECORDS + 1 }, (_, i) => `${i}`),
    )
  } catch (error) {
    throw new Error(`cut at ${cut.at}, its ${cut.loses} lost: ${(error as Error).message}`, { cause: error })
  } finally {
    await database.close().catch(() => {})
    await direct.clear()
    await direct.close()
  }
  return proxy.hasCut
}

/** The driver's own first statement may be the one that is cut. */
async function persistConnect(name: DriverName, where: Where): Promise<Database> {
  for (let left = 5; ; left--) {
    try {
      return await drivers[name](where, { statementTimeoutMs: 5_000 })
    } catch (error) {
      if (left === 0) throw error
    }
  }
}
