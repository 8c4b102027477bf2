/**
 * How cost grows: each row is one size of one thing, on a fresh broker of ours, so that a curve that bends upwards is
 * seen.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { residentMB } from '../measure.ts'
import { RunningBroker } from '../rivals/brokers.ts'
import { drive } from '../tools.ts'
import type { Benchmark, Scale } from './load.ts'

const PARTITIONS = [1, 10, 100, 1_000, 10_000]
const CONNECTIONS = [1, 10, 100, 1_000, 5_000]
const GROUPS = [1, 10, 100, 1_000, 10_000]
const MEMBERS = [1, 3, 10, 30, 100]
/**
 * Members learn of a rebalance with their next heartbeat, every 100 ms here: by chance a group needs none, one or two
 * of them.
 */
const JOINS = 7

const row = (count: number, what: string, figure: string): string => `growth: ${count.toLocaleString('en')} ${what}: ${figure}`
const reached = (sizes: readonly number[], { factor }: Scale): number[] => sizes.filter((size) => factor >= 1 || size <= 100)

export const growth: Benchmark = {
  rounds: 1,
  rows: [
    ...PARTITIONS.flatMap((n) =>
      ['create, µs each', 'memory, KB each', 'metadata, ms', 'start again, ms'].map((f) => row(n, 'partitions', f)),
    ),
    ...CONNECTIONS.flatMap((n) => ['µs each', 'memory, KB each'].map((f) => row(n, 'connections', f))),
    ...GROUPS.flatMap((n) => ['commit, µs each', 'memory, KB each', 'start again, ms'].map((f) => row(n, 'groups', f))),
    ...MEMBERS.map((n) => row(n, 'members join at once', 'ms')),
  ],

  async round({ samples, scale }) {
    const add = (name: string, value: number | undefined): void => samples.add(name, 'tidemark', value)
    const again = async (broker: RunningBroker, name: string): Promise<void> => {
      const prepared = await broker.kill()
      add(name, (await drive('start', prepared.address, { topic: 'probe' }, prepared.command)).firstMs)
    }

    for (const count of reached(PARTITIONS, scale)) {
      await using broker = await RunningBroker.start('tidemark', scale)
      await drive('create', broker.address, { topic: 'probe', count: 1 })
      await sleep(500)
      const before = residentMB(broker.pid)
      const { seconds } = await drive('create', broker.address, { topic: 'grown', count })
      await sleep(500)
      add(row(count, 'partitions', 'create, µs each'), (seconds! / count) * 1e6)
      add(row(count, 'partitions', 'memory, KB each'), ((residentMB(broker.pid) - before) * 1024) / count)
      add(row(count, 'partitions', 'metadata, ms'), (await drive('metadata', broker.address, { topic: 'grown' })).ms)
      await again(broker, row(count, 'partitions', 'start again, ms'))
    }

    for (const count of reached(CONNECTIONS, scale)) {
      await using broker = await RunningBroker.start('tidemark', scale)
      await drive('connections', broker.address, { count: 1, pid: broker.pid })
      const before = residentMB(broker.pid)
      const held = await drive('connections', broker.address, { count, pid: broker.pid })
      add(row(count, 'connections', 'µs each'), held.usEach)
      add(row(count, 'connections', 'memory, KB each'), ((held.residentMB! - before) * 1024) / count)
    }

    for (const count of reached(GROUPS, scale)) {
      await using broker = await RunningBroker.start('tidemark', scale)
      await drive('create', broker.address, { topic: 'probe', count: 1 })
      await drive('groups', broker.address, { topic: 'probe', count: 1 })
      const before = residentMB(broker.pid)
      add(row(count, 'groups', 'commit, µs each'), (await drive('groups', broker.address, { topic: 'probe', count })).usEach)
      add(row(count, 'groups', 'memory, KB each'), ((residentMB(broker.pid) - before) * 1024) / count)
      await again(broker, row(count, 'groups', 'start again, ms'))
    }

    await using broker = await RunningBroker.start('tidemark', scale)
    for (const count of reached(MEMBERS, scale)) {
      await drive('create', broker.address, { topic: `shared-${count}`, count })
      for (let i = 0; i < JOINS; i++) {
        add(row(count, 'members join at once', 'ms'), (await drive('rebalance', broker.address, { topic: `shared-${count}`, count })).ms)
      }
    }
  },
}
