/** Start, small memory, and what comes back after a kill: rows of the table "Broker" that end before any load. */
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { residentMB } from '../measure.ts'
import { brokersOf, discard, prepare, RunningBroker } from '../rivals/brokers.ts'
import { drive, runForJson } from '../tools.ts'
import { type Benchmark, rivalsOf, rootOf, rotated, settle } from './load.ts'

const START = 'process start to first acknowledged record'
const EMBEDDED = 'startBroker() in a running process'
const FIRST = 'resident memory at the first record'
const IDLE = 'resident memory with 1,000 idle partitions'
const KILLED = 'first acknowledged record after kill -9 under load'
const UNDER_LOAD_MS = 3000

export const start: Benchmark = {
  rows: [START, EMBEDDED, FIRST, IDLE],

  async round({ samples, scale, turn, wants }) {
    for (const name of rotated(brokersOf(scale), turn)) {
      if (wants(START) || wants(FIRST)) {
        const prepared = await prepare(name, scale)
        const { firstMs, residentMB } = await drive('start', prepared.address, {}, prepared.command).finally(() => discard(prepared))
        samples.add(START, name, firstMs)
        samples.add(FIRST, name, residentMB)
      }
      if (wants(IDLE)) {
        await using broker = await RunningBroker.start(name, scale)
        await drive('create', broker.address, { topic: 'idle', count: 1000 })
        await sleep(1000)
        samples.add(IDLE, name, residentMB(broker.pid))
      }
    }
    if (wants(EMBEDDED)) {
      const conditions = scale.sources ? ['--conditions=@tidemark/source'] : []
      for (const name of rivalsOf(['tidemark'], ['tidemark', 'before'], scale)) {
        const program = path.join(rootOf(name, scale), 'benchmarks', 'clients', 'embedded.ts')
        samples.add(EMBEDDED, name, (await runForJson(process.execPath, [...conditions, program])).ms)
      }
    }
  },
}

export const killed: Benchmark = {
  rows: [KILLED],

  async round({ samples, scale, turn }) {
    for (const name of rotated(brokersOf(scale), turn)) {
      settle()
      const broker = await RunningBroker.start(name, { ...scale, onDisk: true })
      await drive('create', broker.address, { topic: 'bench', count: 6 })
      const load = drive('produce', broker.address, { topic: 'bench', count: 100_000_000 }, [], UNDER_LOAD_MS + 100)
      load.catch(() => {}) // it is cut short
      await sleep(UNDER_LOAD_MS)
      const prepared = await broker.kill()
      await load.catch(() => {})
      const { firstMs } = await drive('start', prepared.address, {}, prepared.command)
      samples.add(KILLED, name, firstMs)
      discard(prepared)
    }
  },
}
