import { createProducer } from '@tidemark/client'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { EPOCH_MS, MINUTE_MS, type TestWorld, testWorld } from '../testing/world.case.ts'
import { comparedNothing, compareRest } from './compare.ts'
import { copyTopic } from './copy-topic.ts'
import { type GraduationProgress, graduate } from './graduate.ts'
import { PlaceFinder } from './places.ts'
import { planGraduation } from './plan-graduation.ts'

let source: TestWorld
let target: TestWorld
beforeEach(async () => {
  source = await testWorld({ isOurs: true })
  target = await testWorld()
  await source.fill('orders', [40, 7, 0])
  await source.admin.topics.deleteRecords('orders', { 0: 10 })
  await source.admin.topics.create('config', { partitions: 1, configs: { 'cleanup.policy': 'compact', 'retention.ms': '-1' } })
  await using producer = createProducer(source.kafka)
  await producer.send(
    'config',
    [
      { key: 'a', value: null, headers: { h: 'x', n: null } },
      { key: null as never, value: Buffer.from([0, 255]) },
    ].slice(0, 1),
  )
})
afterEach(async () => {
  await source[Symbol.asyncDispose]()
  await target[Symbol.asyncDispose]()
})

const topicsThere = async () => (await target.admin.topics.list()).filter(({ internal }) => !internal).map(({ name }) => name)

describe('a cluster that is left behind', () => {
  it('is copied record by record, and its groups stand before the same records', async () => {
    await source.admin.groups.setOffsets('billing', [
      { topic: 'orders', partition: 0, offset: 25, metadata: 'mine' },
      { topic: 'orders', partition: 1, offset: 7 },
      { topic: 'orders', partition: 2, offset: 0 },
    ])
    await source.admin.groups.setOffsets('late', [{ topic: 'orders', partition: 0, offset: 3 }])
    const plan = await planGraduation(source.kafka, target.kafka)
    expect(plan.topics).toMatchObject([
      { topic: 'config', partitions: 1, records: 1, configs: { 'cleanup.policy': 'compact', 'retention.ms': '-1' }, exists: false },
      { topic: 'orders', partitions: 3, records: 37, ends: [40, 7, 0] },
    ])
    const seen: GraduationProgress[] = []
    const { records, moves } = await graduate(source.kafka, target.kafka, plan, { store: target.store, onProgress: (it) => seen.push(it) })
    expect(records).toBe(38)
    expect(moves.map(({ group, state }) => [group, state])).toEqual([
      ['billing', 'applied'],
      ['late', 'applied'],
    ])
    // Ten records were deleted at the source: 25 is the record at 15.
    expect(await target.committed('billing')).toEqual(["orders-0: 15/-1 'mine'", "orders-1: 7/-1 ''", "orders-2: 0/-1 ''"])
    expect(await target.committed('late')).toEqual(["orders-0: 0/-1 ''"])
    expect(seen.filter(({ step }) => step === 'verified')).toEqual([
      { topic: 'config', step: 'verified', records: 1 },
      { topic: 'orders', step: 'verified', records: 37 },
    ])
    const configs = await target.admin.topics.describeConfigs('config')
    expect(configs.find(({ name }) => name === 'cleanup.policy')?.value).toBe('compact')
  })

  it('is not copied where a topic of the name exists that is not its copy', async () => {
    await target.fill('orders', [1])
    const plan = await planGraduation(source.kafka, target.kafka)
    const existing = plan.topics.find(({ topic }) => topic === 'orders')
    expect(existing).toMatchObject({ exists: true, copied: 1, problem: 'it has 1 partition there, and 3 here' })
    await expect(graduate(source.kafka, target.kafka, plan, { store: target.store })).rejects.toMatchObject({
      code: 'TOPIC_EXISTS',
      topic: 'orders',
    })
    expect(await topicsThere()).toEqual(['orders'])
    await expect(planGraduation(source.kafka, target.kafka, { topics: ['nowhere'] })).rejects.toMatchObject({ code: 'UNKNOWN_TOPIC' })
    await expect(planGraduation(source.kafka, target.kafka, { topic: 'orders' } as never)).rejects.toMatchObject({ code: 'INVALID_OPTION' })
  })

  it('moves no group once it is aborted, also after the last record', async () => {
    await source.admin.groups.setOffsets('billing', [{ topic: 'orders', partition: 0, offset: 25 }])
    const plan = await planGraduation(source.kafka, target.kafka)
    const stop = new AbortController()
    const onProgress = ({ topic, step }: GraduationProgress): void => {
      if (topic === 'orders' && step === 'verified') stop.abort()
    }
    const graduating = graduate(source.kafka, target.kafka, plan, { store: target.store, onProgress, signal: stop.signal })
    await expect(graduating).rejects.toMatchObject({ code: 'ABORTED' })
    expect(await target.committed('billing')).toEqual([])
  })

  it('that goes on being written to is noticed', async () => {
    const plan = await planGraduation(source.kafka, target.kafka, { topics: ['orders'] })
    await using producer = createProducer(source.kafka)
    await producer.send('orders', { value: 'late', partition: 1 })
    await expect(graduate(source.kafka, target.kafka, plan, { store: target.store })).rejects.toMatchObject({
      code: 'PLAN_STALE',
      message: /orders-1 was written to/,
    })
  })

  it('has records larger than 1 MiB copied, and its first record that is refused ends the copy', async () => {
    const largest = { type: 'broker', name: '' } as const
    await source.admin.configs.alter(largest, { 'message.max.bytes': '3000000' })
    await source.admin.topics.create('large')
    await using producer = createProducer(source.kafka, { recordBytesMax: 3_000_000 })
    await producer.send('large', { value: Buffer.alloc(2_000_000) })
    // Several answers: the refusal comes while records are read.
    for (let i = 0; i < 20; i++) await producer.send('large', { value: Buffer.alloc(900_000) })
    const { topics } = await planGraduation(source.kafka, target.kafka, { topics: ['large'] })
    const after = await comparedNothing(source.kafka, topics[0]!, undefined)
    const copied = () => copyTopic(source.kafka, target.kafka, topics[0]!, { after, onRecords: () => {} })
    await expect(copied()).rejects.toMatchObject({ code: 'MESSAGE_TOO_LARGE' })
    await target.admin.topics.delete('large')
    await target.admin.configs.alter(largest, { 'message.max.bytes': '3000000' })
    expect(await copied()).toBe(21)
  })

  it('is told from a copy that differs in one record', async () => {
    const { topics } = await planGraduation(source.kafka, target.kafka, { topics: ['orders'] })
    const begin = await comparedNothing(source.kafka, topics[0]!, undefined)
    const compare = () =>
      compareRest(source.kafka, target.kafka, topics[0]!, {
        from: begin,
        places: new PlaceFinder(new Map()),
        signal: undefined,
        onRecords: () => {},
      })
    await copyTopic(source.kafka, target.kafka, topics[0]!, { after: begin, onRecords: () => {} })
    expect(await compare()).toEqual([
      { source: 40, copy: 30 },
      { source: 7, copy: 7 },
      { source: 0, copy: 0 },
    ])
    await using producer = createProducer(target.kafka)
    await producer.send('orders', { value: 'more', partition: 1 })
    await expect(compare()).rejects.toMatchObject({
      code: 'GRADUATION_FAILED',
      message: 'the copy of orders-1 has a record more than its source at offset 7',
    })
  })
})

describe('a graduation that is called again', () => {
  const seen: GraduationProgress[] = []
  beforeEach(() => {
    seen.length = 0
  })
  const again = async (signal?: AbortSignal) => {
    const plan = await planGraduation(source.kafka, target.kafka)
    const onProgress = (it: GraduationProgress) => seen.push(it)
    return graduate(source.kafka, target.kafka, plan, { store: target.store, onProgress, ...(signal !== undefined && { signal }) })
  }
  const told = (step: string) => seen.filter((it) => it.step === step).reduce((sum, { records }) => sum + records, 0)
  /** As an attempt that was killed leaves it: so many records of each partition. */
  const leave = async (counts: readonly number[], value = (i: number) => `value ${i}`) => {
    await target.admin.topics.create('orders', { partitions: 3, configs: { 'retention.ms': '-1' } })
    await using producer = createProducer(target.kafka)
    for (const [partition, count] of counts.entries()) {
      const begin = partition === 0 ? 10 : 0
      for (let i = begin; i < begin + count; i++) {
        await producer.send('orders', { partition, key: `k${i}`, value: value(i), timestampMs: EPOCH_MS + i * MINUTE_MS })
      }
    }
  }

  it('completes what is half there, and leaves alone what is', async () => {
    await source.admin.groups.setOffsets('billing', [
      { topic: 'orders', partition: 0, offset: 15 },
      { topic: 'orders', partition: 1, offset: 6 },
      { topic: 'orders', partition: 2, offset: 0 },
    ])
    await leave([12, 7])
    expect(await again()).toMatchObject({ records: 38, copied: 19, moves: [{ group: 'billing' }] })
    expect([told('verified'), told('copied')]).toEqual([38, 19])
    expect(await target.committed('billing')).toEqual(["orders-0: 5/-1 ''", "orders-1: 6/-1 ''", "orders-2: 0/-1 ''"])
    seen.length = 0
    expect(await again()).toEqual({ records: 38, copied: 0, moves: [] })
    expect([told('verified'), told('copied')]).toEqual([38, 0])
    expect(await topicsThere()).toEqual(['config', 'orders'])
  })

  it('sets the offsets of a group that are missing there, and those alone', async () => {
    await source.admin.groups.setOffsets('billing', [
      { topic: 'orders', partition: 0, offset: 15, metadata: 'mine' },
      { topic: 'orders', partition: 1, offset: 6 },
    ])
    await target.admin.topics.create('orders', { partitions: 3, configs: { 'retention.ms': '-1' } })
    await target.admin.groups.setOffsets('billing', [{ topic: 'orders', partition: 0, offset: 5, metadata: 'mine' }])
    const { moves } = await again()
    expect(moves.map(({ changes }) => changes.map(({ partition }) => partition))).toEqual([[1]])
    expect(await target.committed('billing')).toEqual(["orders-0: 5/-1 'mine'", "orders-1: 6/-1 ''"])
  })

  it('does not move a group that went on there, and names it', async () => {
    await source.admin.groups.setOffsets('billing', [{ topic: 'orders', partition: 0, offset: 15 }])
    await source.admin.groups.setOffsets('late', [{ topic: 'orders', partition: 0, offset: 20 }])
    await again()
    await target.admin.groups.setOffsets('billing', [{ topic: 'orders', partition: 0, offset: 9 }])
    await target.admin.groups.delete('late')
    await expect(again()).rejects.toMatchObject({
      code: 'GRADUATION_FAILED',
      message: /'billing' \(orders-0 at 9 there, where 5 is its place\)/,
    })
    expect(await target.committed('billing')).toEqual(["orders-0: 9/-1 ''"])
    expect(await target.committed('late')).toEqual(["orders-0: 10/-1 ''"])
  })

  it.each([
    [
      'in one record',
      () => leave([12, 7], (i) => (i === 13 ? 'another' : `value ${i}`)),
      /orders-0 there differs from its source at offset 3/,
    ],
    ['by a record more', () => leave([0, 8]), /orders-1 there has a record more than its source at offset 7/],
    [
      'by its first records',
      async () => {
        await leave([12])
        await target.admin.topics.deleteRecords('orders', { 0: 4 })
      },
      /orders-0 there lacks the records before offset 4/,
    ],
    [
      'in its configuration',
      () => target.fill('orders', [0, 0, 0]).then(() => target.admin.topics.alter('orders', { 'retention.ms': '5' })),
      /retention.ms is 5 there, and -1 here/,
    ],
  ])('refuses a topic that differs %s, and copies nothing', async (_, prepare, message) => {
    await prepare()
    await expect(again()).rejects.toMatchObject({ code: 'TOPIC_EXISTS', topic: 'orders', message })
    expect(await topicsThere()).toEqual(['orders'])
    expect(told('copied')).toBe(0)
  })

  it('notices what still arrives from the attempt before it', async () => {
    await leave([12])
    const plan = await planGraduation(source.kafka, target.kafka)
    await using producer = createProducer(target.kafka)
    const [orders] = plan.topics.filter(({ topic }) => topic === 'orders')
    const begin = await comparedNothing(source.kafka, orders!, undefined)
    await producer.send('orders', { value: 'late', partition: 0 })
    await expect(copyTopic(source.kafka, target.kafka, orders!, { after: begin, onRecords: () => {} })).rejects.toMatchObject({
      code: 'PLAN_STALE',
      message: /orders-0 on the other cluster was written to/,
    })
  })
})
