import { createProducer } from '@tidemark/client'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type TestWorld, testWorld } from '../testing/world.case.ts'
import { copyTopic, verifyTopic } from './copy-topic.ts'
import { type GraduationProgress, graduate } from './graduate.ts'
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

  it('is not copied over topics that exist, nor half of it', async () => {
    await target.fill('orders', [1])
    const plan = await planGraduation(source.kafka, target.kafka)
    await expect(graduate(source.kafka, target.kafka, plan, { store: target.store })).rejects.toMatchObject({
      code: 'TOPIC_EXISTS',
      topic: 'orders',
    })
    expect((await target.admin.topics.list()).filter(({ internal }) => !internal).map(({ name }) => name)).toEqual(['orders'])
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
    const copied = () => copyTopic(source.kafka, target.kafka, topics[0]!, { wanted: new Map(), onRecords: () => {} })
    await expect(copied()).rejects.toMatchObject({ code: 'MESSAGE_TOO_LARGE' })
    await target.admin.topics.delete('large')
    await target.admin.configs.alter(largest, { 'message.max.bytes': '3000000' })
    expect(await copied()).toMatchObject({ records: 21 })
  })

  it('is told from a copy that differs in one record', async () => {
    const { topics } = await planGraduation(source.kafka, target.kafka, { topics: ['orders'] })
    await copyTopic(source.kafka, target.kafka, topics[0]!, { wanted: new Map(), onRecords: () => {} })
    expect(await verifyTopic(source.kafka, target.kafka, topics[0]!, { signal: undefined, onRecords: () => {} })).toBe(37)
    await using producer = createProducer(target.kafka)
    await producer.send('orders', { value: 'more', partition: 1 })
    await expect(verifyTopic(source.kafka, target.kafka, topics[0]!, { signal: undefined, onRecords: () => {} })).rejects.toMatchObject({
      code: 'GRADUATION_FAILED',
      message: 'the copy of orders-1 has a record more than its source at offset 7',
    })
  })
})
