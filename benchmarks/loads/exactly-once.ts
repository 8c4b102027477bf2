/**
 * What exactly once costs: the same handler, one INSERT into PostgreSQL a record and 64 at once, in the transaction of
 * a store and in a plain one, which may happen twice. PostgreSQL syncs each commit, as its default is.
 */
import path from 'node:path'
import { PostgreSQL } from '../../conformance/stores/servers.ts'
import { RunningBroker } from '../rivals/brokers.ts'
import { REPOSITORY, runForJson } from '../tools.ts'
import { type Benchmark, counted, type Round, rotated, settle } from './load.ts'

const ROW = 'runtime: exactly once into PostgreSQL, 64 handlers'
const RECORDS = 30_000
const PARTITIONS = 8
const RIVALS = [
  { name: 'tidemark', how: 'store' },
  { name: 'plain transaction', how: 'plain' },
] as const

export const exactlyOnce: Benchmark = {
  rows: [ROW],

  async round(round) {
    settle()
    await using broker = await RunningBroker.start('tidemark', round.scale)
    await using server = await PostgreSQL.start()
    const count = counted(RECORDS, round.scale)
    await runForJson(process.execPath, commandOf(round, 'fill', broker.address, 'payments', count, PARTITIONS))
    for (const { name, how } of rotated(RIVALS, round.turn)) {
      const { perSecond, cpu } = await runForJson(process.execPath, commandOf(round, how, broker.address, 'payments', count, server.port))
      round.samples.add(ROW, name, perSecond! / 1e3, cpu! / (count / 1e6))
    }
  },
}

function commandOf(round: Round, ...args: readonly (string | number)[]): string[] {
  const conditions = round.scale.sources ? ['--conditions=@tidemark/source'] : []
  return [...conditions, path.join(REPOSITORY, 'benchmarks', 'runtime', 'main.ts'), ...args.map(String)]
}
