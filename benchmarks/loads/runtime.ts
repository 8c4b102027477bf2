/**
 * The table "Runtime": our consumer on our broker, in processes of their own. What it is compared with was published
 * by others, measured on their machines: the suite of KPipe (25,000 records, 8 partitions, 1,000 keys, the handler
 * waits), which measured Confluent's Parallel Consumer beside itself. Where a handler waits, the machine counts for
 * little: 1,000 keys with one record of each at a time allow 100,000 records a second at 10 ms, and 10,000 at 100 ms.
 */
import { spawnSync } from 'node:child_process'
import path from 'node:path'
import { RunningBroker } from '../rivals/brokers.ts'
import { REPOSITORY, runForJson } from '../tools.ts'
import { type Benchmark, counted, type Round, rivalsOf, rootOf, rotated, settle } from './load.ts'

interface Keyed {
  readonly handlerMs: number
  readonly records: number
  readonly published: Readonly<Record<string, number>>
}

const KEYED: Readonly<Record<string, Keyed>> = {
  'runtime: 1,000 keys in order, a handler of 10 ms': {
    handlerMs: 10,
    records: 400_000,
    published: { 'parallel-consumer': 8.7, kpipe: 34.5 },
  },
  'runtime: 1,000 keys in order, a handler of 100 ms': {
    handlerMs: 100,
    records: 60_000,
    published: { 'parallel-consumer': 0.97, kpipe: 5.2 },
  },
}
/** 101 records of the stuck key, and 100,000 of the others. */
const STUCK_RECORDS = 100_101
const STUCK: Readonly<Record<string, string>> = {
  'runtime: one stuck key, 100,000 done above it, kill -9 once that is committed: done again': 'stuck-recorded',
  'runtime: one stuck key, 100,000 done above it, kill -9 at once: done again': 'stuck',
}
const PARTITIONS = 8
type Ours = 'tidemark' | 'before'

export const runtime: Benchmark = {
  rows: [...Object.keys(KEYED), ...Object.keys(STUCK)],

  async round(round) {
    for (const name of rotated(rivalsOf<Ours>(['tidemark'], ['tidemark', 'before'], round.scale), round.turn)) {
      settle()
      await using broker = await RunningBroker.start(name, round.scale)
      for (const [row, load] of Object.entries(KEYED)) if (round.wants(row)) await keyed(row, load, broker, round)
      for (const [row, verb] of Object.entries(STUCK)) if (round.wants(row)) await stuck(row, verb, broker, round)
    }
  },
}

function commandOf(round: Round, name: string, ...args: readonly (string | number)[]): string[] {
  const conditions = round.scale.sources ? ['--conditions=@tidemark/source'] : []
  return [...conditions, path.join(rootOf(name, round.scale), 'benchmarks', 'runtime', 'main.ts'), ...args.map(String)]
}

async function keyed(row: string, { handlerMs, records, published }: Keyed, { name, address }: RunningBroker, round: Round): Promise<void> {
  const count = counted(records, round.scale)
  const topic = `keyed-${handlerMs}`
  await runForJson(process.execPath, commandOf(round, name, 'fill', address, topic, count, PARTITIONS))
  const { perSecond, cpu } = await runForJson(process.execPath, commandOf(round, name, 'keyed', address, topic, count, handlerMs))
  round.samples.add(row, name, perSecond! / 1e3, cpu! / (count / 1e6))
  if (round.scale.before !== undefined) return
  for (const [rival, kPerSecond] of Object.entries(published)) round.samples.add(row, rival, kPerSecond)
}

async function stuck(row: string, verb: string, { name, address }: RunningBroker, round: Round): Promise<void> {
  await runForJson(process.execPath, commandOf(round, name, 'fill', address, verb, STUCK_RECORDS, 1))
  const killed = spawnSync(process.execPath, commandOf(round, name, verb, address, verb, STUCK_RECORDS), {
    cwd: REPOSITORY,
    timeout: 60_000,
  })
  if (killed.signal !== 'SIGKILL') throw new Error(`${row}: the consumer ended with ${killed.status}: ${killed.stderr}`)
  const { again } = await runForJson(process.execPath, commandOf(round, name, 'go-on', address, verb, STUCK_RECORDS))
  round.samples.add(row, name, again)
}
