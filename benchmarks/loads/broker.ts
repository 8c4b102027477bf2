/** The rows of the table "Broker" that a running broker shows under the loads of one foreign client. */
import { cpuSeconds, residentMB } from '../measure.ts'
import { brokersOf, RunningBroker } from '../rivals/brokers.ts'
import { drive } from '../tools.ts'
import { type Benchmark, counted, type Round, rotated, settle } from './load.ts'

const PRODUCE_ONE = 'produce 1 KiB, 1 producer'
const PRODUCE_EIGHT = 'produce 1 KiB, 8 producers'
const PRODUCE_SMALL = 'produce 100 B'
const CONSUME = 'consume 1 KiB'
const P50 = 'end to end at 2,000/s, p50'
const P99 = 'end to end at 2,000/s, p99'
const P99_COLD = 'end to end at 2,000/s, p99 of the first second'
const COMMITS_ONE = 'offset commits, one after the other'
const COMMITS_MANY = 'offset commits, 16 groups'
const MEMORY = 'resident memory after 2 GB of load'

export const brokerLoads: Benchmark = {
  rows: [PRODUCE_ONE, PRODUCE_EIGHT, PRODUCE_SMALL, CONSUME, P50, P99, P99_COLD, COMMITS_ONE, COMMITS_MANY, MEMORY],

  async round(round) {
    for (const name of rotated(brokersOf(round.scale), round.turn)) {
      settle()
      await using broker = await RunningBroker.start(name, round.scale)
      await loads(broker, round)
    }
  },
}

async function loads(broker: RunningBroker, round: Round): Promise<void> {
  const { samples, scale, wants } = round
  const { address, name, pid } = broker
  const measured = async (verb: string, flags: Record<string, string | number>) => {
    const before = cpuSeconds(pid)
    const result = await drive(verb, address, flags)
    return { ...result, cpu: cpuSeconds(pid) - before } as Record<string, number>
  }
  const throughput = async (row: string, verb: string, flags: Record<string, string | number>, unit: 'MB' | 'M') => {
    const { bytes, records, seconds, cpu } = await measured(verb, flags)
    const done = unit === 'MB' ? bytes! / 1e6 : records! / 1e6
    samples.add(row, name, done / seconds!, cpu! / (unit === 'MB' ? done / 1e3 : done))
  }

  for (const topic of ['kib', 'small', 'ticks']) await drive('create', address, { topic, count: 6 })
  if (wants(P50) || wants(P99) || wants(P99_COLD)) {
    const cold = await drive('latency', address, { topic: 'ticks', size: 256, seconds: 4 * Math.max(scale.factor, 0.5) })
    samples.add(P99_COLD, name, cold.coldP99)
    const { p50, p99 } = await drive('latency', address, { topic: 'ticks', size: 256, seconds: 4 * Math.max(scale.factor, 0.5) })
    samples.add(P50, name, p50)
    samples.add(P99, name, p99)
  }
  const heavy = wants(PRODUCE_ONE) || wants(PRODUCE_EIGHT) || wants(CONSUME) || wants(MEMORY)
  // The broker's code and the machine's memory are warm before the clock runs.
  if (heavy) await drive('produce', address, { topic: 'small', count: counted(200_000, scale) })
  const count = counted(500_000, scale)
  if (heavy) await throughput(PRODUCE_ONE, 'produce', { topic: 'kib', count }, 'MB')
  if (wants(PRODUCE_EIGHT) || wants(MEMORY)) await throughput(PRODUCE_EIGHT, 'produce', { topic: 'kib', count, producers: 8 }, 'MB')
  if (wants(CONSUME) || wants(MEMORY)) {
    const written = wants(PRODUCE_EIGHT) || wants(MEMORY) ? 2 * count : count
    await drive('consume', address, { topic: 'kib', count: written / 5 })
    await throughput(CONSUME, 'consume', { topic: 'kib', count: written }, 'MB')
  }
  if (wants(MEMORY)) samples.add(MEMORY, name, residentMB(pid))
  if (wants(PRODUCE_SMALL)) {
    await drive('produce', address, { topic: 'small', count: counted(200_000, scale), size: 100 })
    await throughput(PRODUCE_SMALL, 'produce', { topic: 'small', count: counted(1_000_000, scale), size: 100 }, 'M')
  }
  const commits = async (row: string, groups: number) => {
    await drive('commits', address, { topic: 'kib', groups, seconds: 1 })
    const { perSecond, records, cpu } = await measured('commits', { topic: 'kib', groups, seconds: 2 })
    samples.add(row, name, perSecond, cpu! / (records! / 1e6))
  }
  if (wants(COMMITS_ONE)) await commits(COMMITS_ONE, 1)
  if (wants(COMMITS_MANY)) await commits(COMMITS_MANY, 16)
}
