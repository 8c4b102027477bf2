/**
 * Exactly once, locks and idempotence on real databases: PostgreSQL, MariaDB (in MySQL's place), Redis.
 *
 *   node --conditions=@tidemark/source conformance/stores/run.ts [--quick] [--only contract,cuts,…]
 */
import { parseArgs } from 'node:util'
import { Report } from '../report.ts'
import { NotToBeHad } from '../tools.ts'
import { contract, contractOfBetterSqlite, contractOfLocks, contractOfRedis } from './contract.ts'
import { MariaDB, PostgreSQL, Redis } from './servers.ts'

const { values } = parseArgs({ options: { quick: { type: 'boolean', default: false }, only: { type: 'string' } } })
const isWanted = (name: string): boolean => values.only === undefined || values.only.split(',').includes(name)
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1))

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

await having('PostgreSQL', PostgreSQL.start, async ({ port }) => {
  const where = { host: '127.0.0.1', port }
  if (isWanted('contract')) {
    for (const name of ['pg', 'postgres'] as const) {
      await contract(report, name, where)
      await contractOfLocks(report, name, where)
    }
  }
})
await having('MariaDB', MariaDB.start, async ({ port }) => {
  if (!isWanted('contract')) return
  await contract(report, 'mysql2', { host: '127.0.0.1', port })
  await contractOfLocks(report, 'mysql2', { host: '127.0.0.1', port })
})
await having('Redis', Redis.start, async ({ port }) => {
  if (isWanted('contract')) await contractOfRedis(report, { host: '127.0.0.1', port })
})
if (isWanted('contract')) await contractOfBetterSqlite(report)
report.skip('MySQL', 'Debian has no MySQL server, and no npm package brings one: MariaDB stands for it')

console.log(`${report.passed} passed, ${report.failed} failed, ${report.skipped} skipped`)
process.exit(report.failed === 0 ? 0 : 1)
