import { ConsumerProtocolSubscription, codecOf, Writer } from '@tidemark/protocol'
import { expect, it } from 'vitest'
import { SWEPT_RECORDS_MAX } from '../decision.ts'
import { GROUP, Scenario, stableGroup } from '../group/scenario.case.ts'
import { forgetExpired } from './retention.ts'

const RETENTION_MS = 100_000

const sweep = (t: Scenario): void => t.sweep((groupId, turn) => forgetExpired(t.shard, groupId, RETENTION_MS, turn))

/** What a consumer says when it subscribes to these topics. */
function subscription(...topics: string[]): Buffer {
  const w = new Writer()
  w.int16(1)
  codecOf(ConsumerProtocolSubscription, 1).encode(w, { topics })
  return Buffer.from(w.written())
}

it('trap 36: the time counts from the group becoming empty, never while it is active', () => {
  const t = new Scenario({ sessionTimeoutMaxMs: 10_000_000 })
  const { memberId } = t.member('a', { sessionTimeoutMs: 5_000_000, protocols: [{ name: 'range', metadata: subscription('orders') }] })
  t.advance(0)
  t.sync(memberId, 1)
  t.commit({ memberId, generationId: 1 })
  t.advance(10 * RETENTION_MS)
  sweep(t)
  expect(t.committed()[0]).toBe(42)
  t.leave({ memberId })
  t.advance(RETENTION_MS - 1)
  sweep(t)
  expect(t.committed()[0]).toBe(42)
  t.advance(1)
  sweep(t)
  expect(t.committed()[0]).toBe(-1)
})

it('the time goes on through a restart', () => {
  const t = new Scenario()
  const [a] = stableGroup(t, 'a') as [string]
  t.commit({ memberId: a, generationId: 1 })
  t.leave({ memberId: a })
  t.advance(RETENTION_MS - 1)
  t.restart()
  sweep(t)
  expect(t.committed()[0]).toBe(42)
  t.advance(1)
  sweep(t)
  expect(t.committed()[0]).toBe(-1)
})

it('with its last offset an empty group goes, with a tombstone if it has a record, and is not back after a restart', () => {
  const t = new Scenario()
  const [a] = stableGroup(t, 'a') as [string]
  t.commit({ memberId: a, generationId: 1 })
  t.leave({ memberId: a })
  t.commit({ groupId: 'simple' })
  t.advance(RETENTION_MS)
  sweep(t)
  expect(t.shard.groups.size).toBe(0)
  expect(t.log.slice(-3).map(({ kind, value }) => [kind, value])).toEqual([
    ['offset', null],
    ['group', null],
    ['offset', null],
  ])
  t.restart()
  expect(t.shard.groups.size).toBe(0)
  expect(t.commit({ memberId: a, generationId: 1 })).toEqual(['GROUP_ID_NOT_FOUND'])
})

it('an empty group to which somebody was given an id stays', () => {
  const t = new Scenario()
  t.join({ needsMemberId: true, sessionTimeoutMs: 500_000 })
  sweep(t)
  expect(t.shard.groups.has(GROUP)).toBe(true)
  t.advance(500_000)
  sweep(t)
  expect(t.shard.groups.has(GROUP)).toBe(false)
})

it('offsets without group management count from their own commit', () => {
  const t = new Scenario()
  t.commit({ entries: [{ partition: 0 }] })
  t.advance(RETENTION_MS / 2)
  t.commit({ entries: [{ partition: 1 }] })
  t.advance(RETENTION_MS / 2)
  sweep(t)
  expect([t.committed('orders', 0)[0], t.committed('orders', 1)[0]]).toEqual([-1, 42])
  expect(t.shard.groups.has(GROUP)).toBe(true)
})

it('a stable group of consumers loses the offsets of topics that it does not read any more, and keeps the others', () => {
  const t = new Scenario({ sessionTimeoutMaxMs: 10_000_000 })
  const metadata = subscription('orders')
  const { memberId } = t.member('a', { sessionTimeoutMs: 5_000_000, protocols: [{ name: 'range', metadata }] })
  t.advance(0)
  t.sync(memberId, 1)
  t.commit({ memberId, generationId: 1, entries: [{}, { topic: 'formerly' }] })
  t.advance(RETENTION_MS)
  sweep(t)
  expect([t.committed()[0], t.committed('formerly')[0]]).toEqual([42, -1])
})

it('keeps everything of a group whose subscriptions cannot be read', () => {
  const t = new Scenario({ sessionTimeoutMaxMs: 10_000_000 })
  const { memberId } = t.member('a', { sessionTimeoutMs: 5_000_000 })
  t.advance(0)
  t.sync(memberId, 1)
  t.commit({ memberId, generationId: 1 })
  t.advance(RETENTION_MS)
  sweep(t)
  expect(t.committed()[0]).toBe(42)
})

it('a retention time that came with the commit takes the place of the broker’s', () => {
  const t = new Scenario()
  t.commit({ entries: [{ partition: 0 }], retentionTimeMs: 10 })
  t.commit({ entries: [{ partition: 1 }], retentionTimeMs: 10 * RETENTION_MS })
  t.advance(10)
  sweep(t)
  expect([t.committed('orders', 0)[0], t.committed('orders', 1)[0]]).toEqual([-1, 42])
  t.advance(RETENTION_MS)
  sweep(t)
  expect(t.committed('orders', 1)[0]).toBe(42)
})

it('one turn writes no more than its share, and the next goes on', () => {
  const t = new Scenario({ recordBytesMax: 100_000_000 })
  const entries = Array.from({ length: SWEPT_RECORDS_MAX + 5 }, (_, partition) => ({ partition }))
  t.commit({ entries })
  t.advance(RETENTION_MS)
  sweep(t)
  expect(t.shard.offsets.size).toBe(5)
  expect(t.shard.groups.has(GROUP)).toBe(true)
  sweep(t)
  expect(t.shard.groups.size).toBe(0)
})
