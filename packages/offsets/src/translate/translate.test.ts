import { createProducer } from '@tidemark/client'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { applyPlan } from '../apply/apply-plan.ts'
import { EPOCH_MS, MINUTE_MS, type TestWorld, testWorld } from '../testing/world.case.ts'
import { findPlace } from './find-record.ts'
import { type TranslationProgress, translateGroup } from './translate.ts'

describe('a place in a copy', () => {
  const record = (fingerprint: string, offset: number) => ({ fingerprint, offset })
  const log = (text: string, base = 0) => [...text].map((letter, i) => record(letter, base + i))

  it.each<[string, string, string, object]>([
    ['abcdef', 'bc', 'de', { kind: 'exact', offset: 103 }],
    ['abcdef', 'ef', '', { kind: 'exact', offset: 106 }],
    ['abcdef', '', 'ab', { kind: 'exact', offset: 100 }],
    ['xabab', 'ab', '', { kind: 'several', first: 103, last: 105 }],
    ['abab', 'b', 'a', { kind: 'several', first: 100, last: 104 }],
    ['abcdef', 'xy', 'z', { kind: 'none' }],
    ['', 'a', 'b', { kind: 'none' }],
    ['abc', '', '', { kind: 'none' }],
  ])('%s, after %s and before %s', (text, before, after, found) => {
    expect(findPlace(log(text, 100), { before: log(before), after: log(after) })).toEqual(found)
  })

  it('is never called exact where it is not', () => {
    const letters = fc.array(fc.constantFrom('a', 'b', 'c'), { minLength: 1, maxLength: 40 })
    fc.assert(
      fc.property(letters, fc.nat(), fc.integer({ min: 1, max: 4 }), (all, at, near) => {
        const i = at % (all.length + 1)
        const copy = log(all.join(''), 500)
        const found = findPlace(copy, { before: copy.slice(Math.max(0, i - near), i), after: copy.slice(i, i + near) })
        if (found.kind === 'exact') expect(found.offset).toBe(500 + i)
        else expect(found).toMatchObject({ kind: 'several' })
      }),
    )
  })
})

describe('a group', () => {
  let source: TestWorld
  let target: TestWorld
  beforeAll(async () => {
    source = await testWorld({ isOurs: true })
    target = await testWorld({ isOurs: true })
    await source.fill('orders', [200, 50, 0])
    await source.admin.topics.deleteRecords('orders', { 0: 30 })
    // A copy: other offsets, the same records.
    await target.admin.topics.create('us.orders', { partitions: 3 })
    await using producer = createProducer(target.kafka)
    const copy = (partition: number, from: number, to: number) =>
      Array.from({ length: to - from }, (_, k) => ({
        partition,
        key: `k${from + k}`,
        value: `value ${from + k}`,
        timestampMs: EPOCH_MS + (from + k) * MINUTE_MS,
      }))
    await producer.send('us.orders', [{ partition: 1, value: 'something of before', timestampMs: EPOCH_MS - 1 }])
    await producer.send('us.orders', [...copy(0, 30, 200), ...copy(1, 0, 20)])
  })
  afterAll(async () => {
    await source[Symbol.asyncDispose]()
    await target[Symbol.asyncDispose]()
  })

  const topicOf = (topic: string) => `us.${topic}`
  const at = (group: string, ...offsets: number[]) =>
    source.admin.groups.setOffsets(
      group,
      offsets.map((offset, partition) => ({ topic: 'orders', partition, offset })),
    )
  const translate = (group: string) => translateGroup(source.kafka, target.kafka, group, { topicOf })
  const brief = (list: Awaited<ReturnType<typeof translate>>['translations']) =>
    list.map((t) => [t.offset, t.targetOffset, t.certainty, t.repeated])

  it('tells of each partition that was compared', async () => {
    await at('told', 120, 7, 0)
    const told: TranslationProgress[] = []
    await translateGroup(source.kafka, target.kafka, 'told', { topicOf, onProgress: (progress) => told.push(progress) })
    expect(told.map(({ done, total }) => [done, total])).toEqual([1, 2, 3].map((done) => [done, 3]))
    expect(told.map(({ topic, partition }) => `${topic}-${partition}`).sort()).toEqual(['orders-0', 'orders-1', 'orders-2'])
  })

  it('stands where the same records are on both sides', async () => {
    await at('a', 120, 7, 0)
    const { translations, plan } = await translate('a')
    expect(brief(translations)).toEqual([
      [120, 90, 'exact', 0],
      [7, 8, 'exact', 0],
      [0, 0, 'exact', 0],
    ])
    await applyPlan(target.kafka, plan, { store: target.store, ghostCheckMs: 0 })
    expect((await target.admin.groups.offsets('a')).map((p) => p.offset)).toEqual([90, 8, 0])
  })

  it('that has read everything stands at the end of the copy; one that is ahead of the copy is bounded by its time, or unknown', async () => {
    await at('b', 200, 20)
    expect(brief((await translate('b')).translations)).toEqual([
      [200, 170, 'exact', 0],
      [20, 21, 'exact', 0],
    ])
    await at('c', 200, 45)
    const { translations, plan } = await translate('c')
    expect(brief(translations)).toEqual([
      [200, 170, 'exact', 0],
      [45, null, 'unknown', null],
    ])
    expect(plan.changes).toHaveLength(1)
  })

  it('shows what another translation would repeat: the table of the plan is an audit', async () => {
    await at('d', 120, 7)
    // What MirrorMaker 2 leaves: at most the last sync.
    await target.admin.groups.setOffsets('d', [{ topic: 'us.orders', partition: 0, offset: 40 }])
    const { plan } = await translate('d')
    expect(plan.changes[0]).toMatchObject({ before: { offset: 40 }, after: { offset: 90 }, skipped: 50 })
  })

  it('of which nothing is known is said to be so', async () => {
    await expect(translate('nobody')).rejects.toMatchObject({ code: 'NOTHING_TO_DO' })
    await at('e', 100)
    await expect(translateGroup(source.kafka, target.kafka, 'e')).rejects.toMatchObject({
      code: 'NOTHING_TO_DO',
      message: /was found on the other cluster/,
    })
  })
})
