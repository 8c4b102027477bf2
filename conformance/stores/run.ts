/**
 * Exactly once, locks and idempotence on real databases: PostgreSQL, MariaDB, MySQL, Redis.
 *
 *   node --conditions=@tidemark/source conformance/stores/run.ts [--quick] [--only contract,cuts,…]
 */
import { parseArgs } from 'node:util'
import { Report } from '../report.ts'
import { NotToBeHad } from '../tools.ts'
import { contract, contractOfBetterSqlite, contractOfLocks, contractOfRedis } from './contract.ts'
import { cuts } from './cuts.ts'
import { MariaDB, MySQL, PostgreSQL, Redis } from './servers.ts'
import { settingsOfServer } from './settings.ts'
import { storm } from './storm.ts'

const { values } = parseArgs({
  options: { driver: { type: 'string' }, quick: { type: 'boolean', default: false }, only: { type: 'string' } },
})
const isWanted = (name: string): boolean => values.only === undefined || values.only.split(',').includes(name)
const isDriver = (name: string): boolean => values.driver === undefined || values.driver === name
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1))

/** Of each storm: of all five together, 250. */
const steps = values.quick ? 10 : 50
const report = new Report('stores')

/** A database that cannot be had is skipped, by name. */
async function having<S extends AsyncDisposable & { readonly version: string; readonly port: number }>(
  name: string,
  make: () => Promise<S>,
  use: (server: S) => Promise<void>,
): Promise<void> {
  try {
    await using server = await make()
    console.log(`${name}: ${server.version}`)
    await use(server)
  } catch (error) {
    if (!(error instanceof NotToBeHad)) throw error
    report.skip(name, error.message)
  }
}

await having('PostgreSQL', PostgreSQL.start, async (server) => {
  const where = { host: '127.0.0.1', port: server.port }
  if (isWanted('contract')) {
    for (const name of ['pg', 'postgres'] as const) {
      await contract(report, name, where)
      await contractOfLocks(report, name, where)
      await settingsOfServer(report, name, where)
    }
  }
  if (isWanted('cuts')) for (const name of ['pg', 'postgres'] as const) await cuts(report, name, where, values.quick)
  if (isWanted('storm')) {
    if (isDriver('pg')) await storm(report, 'pg', server, steps)
    if (isDriver('postgres')) await storm(report, 'postgres', server, steps)
    if (isDriver('pg')) await storm(report, 'pg', server, steps, { batches: true })
  }
})
for (const [name, start] of [
  ['MariaDB', MariaDB.start],
  ['MySQL', MySQL.start],
] as const) {
  await having<MariaDB | MySQL>(name, start, async (server) => {
    const where = { host: '127.0.0.1', port: server.port }
    const title = `mysql2 on ${name}`
    if (isWanted('contract')) {
      await contract(report, 'mysql2', where, title)
      await contractOfLocks(report, 'mysql2', where, title)
    }
    if (isWanted('cuts')) await cuts(report, 'mysql2', where, values.quick, title)
    if (isWanted('storm') && isDriver('mysql2')) await storm(report, 'mysql2', server, steps, { title })
  })
}
await having('Redis', Redis.start, async ({ port }) => {
  if (isWanted('contract')) await contractOfRedis(report, { host: '127.0.0.1', port })
})
if (isWanted('contract')) await contractOfBetterSqlite(report)

console.log(`${report.passed} passed, ${report.failed} failed, ${report.skipped} skipped`)
process.exit(report.failed === 0 ? 0 : 1)
