/**
 * Produce and commits with an fsync before each reply: Kafka with `log.flush.interval.messages=1`, kfake with synced
 * writes.
 */
import { brokersOf, RunningBroker } from '../rivals/brokers.ts'
import { drive } from '../tools.ts'
import { type Benchmark, counted, rotated, settle } from './load.ts'

const PRODUCE = 'produce 1 KiB, 8 producers, synced'
const COMMITS = 'offset commits, 16 groups, synced'

export const durable: Benchmark = {
  rows: [PRODUCE, COMMITS],

  async round({ samples, scale, turn, wants }) {
    for (const name of rotated(brokersOf(scale), turn)) {
      settle()
      await using broker = await RunningBroker.start(name, { ...scale, durable: true })
      const { address } = broker
      await drive('create', address, { topic: 'bench', count: 6 })
      await drive('produce', address, { count: counted(30_000, scale) })
      if (wants(PRODUCE)) {
        const { bytes, seconds } = await drive('produce', address, { count: counted(120_000, scale), producers: 8 })
        samples.add(PRODUCE, name, bytes! / seconds! / 1e6)
      }
      if (wants(COMMITS)) samples.add(COMMITS, name, (await drive('commits', address, { groups: 16, seconds: 2 })).perSecond)
    }
  },
}
