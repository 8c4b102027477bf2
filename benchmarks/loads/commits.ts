/**
 * What the commits of one group leave behind: the folder and the memory of our broker after so many of them. The log of
 * offsets is compacted, so that the curve stays flat.
 */
import { readdirSync, statSync } from 'node:fs'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { createAdmin, createKafka } from '@tidemark/client'
import { residentMB } from '../measure.ts'
import { RunningBroker } from '../rivals/brokers.ts'
import { drive } from '../tools.ts'
import type { Benchmark } from './load.ts'

const COMMITS = [100, 10_000, 1_000_000, 10_000_000]
const PARTITIONS = 100
const TOGETHER = 8
/** The broker looks at its logs every 15 s, and then has what was written meanwhile to compact. */
const COMPACTED_MS = 60_000

const row = (count: number, figure: string): string => `growth: ${count.toLocaleString('en')} commits of one group: ${figure}`
const FIGURES = ['µs each', 'folder, MB', 'memory, MB', 'start again, ms'] as const

export const commits: Benchmark = {
  rounds: 1,
  rows: COMMITS.flatMap((n) => FIGURES.map((figure) => row(n, figure))),

  async round({ samples, scale }) {
    const add = (name: string, value: number | undefined): void => samples.add(name, 'tidemark', value)
    for (const count of COMMITS.filter((n) => scale.factor >= 1 || n <= 10_000)) {
      await using broker = await RunningBroker.start('tidemark', scale)
      await using kafka = createKafka({ brokers: [broker.address] })
      const { topics, groups } = createAdmin(kafka)
      await topics.create('committed', { partitions: PARTITIONS })
      const begun = performance.now()
      let left = count / PARTITIONS
      const commitOn = async (): Promise<void> => {
        while (left > 0) {
          const offset = left--
          await groups.setOffsets(
            'group',
            Array.from({ length: PARTITIONS }, (_, partition) => ({ topic: 'committed', partition, offset })),
          )
        }
      }
      await Promise.all(Array.from({ length: TOGETHER }, commitOn))
      add(row(count, 'µs each'), ((performance.now() - begun) / count) * 1e3)
      await sleep(COMPACTED_MS)
      add(row(count, 'folder, MB'), bytesIn(path.join(broker.folder, 'internal')) / 1e6)
      add(row(count, 'memory, MB'), residentMB(broker.pid))
      const prepared = await broker.kill()
      add(row(count, 'start again, ms'), (await drive('start', prepared.address, { topic: 'probe' }, prepared.command)).firstMs)
    }
  },
}

function bytesIn(folder: string): number {
  return readdirSync(folder, { withFileTypes: true }).reduce((sum, entry) => {
    const file = path.join(folder, entry.name)
    return sum + (entry.isDirectory() ? bytesIn(file) : statSync(file).size)
  }, 0)
}
