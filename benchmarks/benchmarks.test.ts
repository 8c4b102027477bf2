/**
 * Each benchmark once, very small, so that none rots: no word about time. What needs Go or Java is skipped where they
 * are not.
 */
import { startBroker } from '@tidemark/broker'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { client } from './clients/tidemark.ts'
import { judge, written } from './goals.ts'
import { page } from './results.ts'
import { fill, goOn, keyed } from './runtime/work.ts'
import { Samples } from './samples.ts'
import { drive, isDriverBuilt } from './tools.ts'

const COUNT = 600

describe('a very small run of each load', () => {
  let broker: Awaited<ReturnType<typeof startBroker>>
  let brokers: string

  beforeAll(async () => {
    broker = await startBroker({ data: ':memory:', numPartitions: 6 })
    brokers = broker.brokers[0]!
  })
  afterAll(() => broker.close())

  it('our client produces and consumes what it is asked to, each and in batches', async () => {
    const producer = await client.produce({ brokers, topic: 'small', value: Buffer.alloc(100) })
    await producer.send(COUNT)
    await producer.close()
    for (const kind of ['each', 'batch'] as const) {
      let took = 0
      const close = await client.consume({ brokers, topic: 'small', group: `small-${kind}`, count: COUNT, kind, took: (n) => (took += n) })
      await close()
      expect(took).toBeGreaterThanOrEqual(COUNT)
    }
  })

  it('our runtime works through keys in their order, and after a crash behind a stuck one', async () => {
    await fill(brokers, 'keyed', 2, COUNT)
    expect((await keyed(brokers, 'keyed', COUNT, 1)).perSecond).toBeGreaterThan(0)
    expect(await goOn(brokers, 'keyed', COUNT)).toBe(COUNT - 1)
  })

  it.skipIf(!isDriverBuilt())('the foreign client loads a broker in every way (skipped until `npm run bench` has built it)', async () => {
    await drive('create', brokers, { topic: 'driven', count: 6 })
    expect(await drive('produce', brokers, { topic: 'driven', count: COUNT, producers: 2 })).toMatchObject({ records: COUNT })
    expect((await drive('consume', brokers, { topic: 'driven', count: COUNT })).records).toBeGreaterThanOrEqual(COUNT)
    expect((await drive('commits', brokers, { topic: 'driven', groups: 2, seconds: 0.05 })).records).toBeGreaterThan(0)
    expect((await drive('latency', brokers, { topic: 'driven', size: 256, rate: 100, seconds: 0.1 })).records).toBe(10)
    expect((await drive('groups', brokers, { topic: 'driven', count: 3 })).usEach).toBeGreaterThan(0)
    expect((await drive('metadata', brokers, { topic: 'driven' })).ms).toBeGreaterThan(0)
    expect((await drive('connections', brokers, { count: 3, pid: process.pid })).residentMB).toBeGreaterThan(0)
    expect((await drive('rebalance', brokers, { topic: 'driven', count: 6 })).ms).toBeGreaterThan(0)
  })
})

describe('what is made of the figures', () => {
  const samples = new Samples()
  for (const value of [400, 500, 600]) samples.add('produce 1 KiB, 1 producer', 'tidemark', value, 1.2)
  samples.add('produce 1 KiB, 1 producer', 'kafka', 277, 4.1)
  samples.add('produce 1 KiB, 1 producer', 'kfake', 333, 3.2)

  it('the goal is the better rival of the same run, and the median counts', () => {
    expect(judge('produce 1 KiB, 1 producer', samples)).toMatchObject({ goal: '≥ 500; ≤ 1.3 CPU s a GB', reached: true })
  })

  it('a CPU goal that is missed misses the row', () => {
    const hungry = new Samples()
    hungry.add('consume 1 KiB', 'tidemark', 900, 0.6)
    hungry.add('consume 1 KiB', 'kafka', 800, 0.6)
    expect(judge('consume 1 KiB', hungry).reached).toBe(false)
  })

  it('a rival that gave no figure is an error, not a hole in the table', () => {
    expect(() => new Samples().add('consume 1 KiB', 'kafka', undefined)).toThrow('no figure')
  })

  it('the page has a line a row, with figures, CPU, goal and verdict', () => {
    const text = page(samples, { date: '2026-11-25', machine: 'a', versions: 'b', rounds: 3, factor: 1, loadBefore: 0.1 })
    expect(text).toContain(
      '| produce 1 KiB, 1 producer, MB/s (CPU s a GB) | 500 (1.20) | 277 (4.10) | 333 (3.20) | ≥ 500; ≤ 1.3 CPU s a GB | yes |',
    )
    expect(text).not.toContain('busy')
  })

  it.each([
    [0.164, '0.16'],
    [4.56, '4.56'],
    [45.67, '45.7'],
    [1234.5, '1,235'],
  ])('%d reads %s', (value, text) => expect(written(value)).toBe(text))
})
