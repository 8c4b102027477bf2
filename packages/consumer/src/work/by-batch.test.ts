import type { Message } from '@tidemark/client'
import { ManualClock } from '@tidemark/platform/testing'
import { describe, expect, test } from 'vitest'
import { type Claim, claim } from '../state/claims.ts'
import { committable, enter, tracker } from '../state/tracker.ts'
import { Batches } from './batches.ts'
import type { BatchWork, Outcomes } from './work.ts'

function bench(settings: Partial<BatchWork> = {}) {
  const clock = new ManualClock()
  const calls: { offsets: number[]; attempt: number; resolve(): Promise<void>; reject(error: unknown): Promise<void> }[] = []
  const told: string[] = []
  const settled = async (): Promise<void> => {
    for (let i = 0; i < 5; i++) await null
  }
  const outcomes: Outcomes = {
    mode: 'processed',
    mayStart: (c) => c.phase === 'working' && !c.pausedByUser,
    settled: () => {},
    retrying: (_, offset) => told.push(`retry ${offset}`),
    skipped: (_, offset) => told.push(`skip ${offset}`),
    stopped: (_, offset) => told.push(`stop ${offset}`),
    flush: async () => {},
  }
  const work: BatchWork = {
    kind: 'batches',
    topic: 't',
    concurrency: 10,
    recordsMax: 3,
    waitMaxMs: 100,
    retry: { attempts: 2, delayMs: 50, delayMaxMs: 50 },
    exhausted: 'stop',
    timeoutMs: undefined,
    handler: (batch, context) =>
      new Promise<void>((resolve, reject) => {
        calls.push({
          offsets: batch.messages.map((m) => m.offset),
          attempt: context.attempt,
          resolve: () => (resolve(), settled()),
          reject: (error) => (reject(error), settled()),
        })
      }),
    ...settings,
  }
  const batches = new Batches(work, outcomes, clock, { next: () => 0, uuid: () => '' })
  const c: Claim = claim(1, 't', 0)
  c.phase = 'working'
  c.tracker = tracker(0)
  return {
    clock,
    calls,
    told,
    batches,
    claim: c,
    fetch(count: number) {
      const first = c.tracker.next
      const messages = Array.from({ length: count }, () => {
        const offset = c.tracker.position
        enter(c.tracker, offset)
        return { topic: 't', partition: 0, offset } as unknown as Message
      })
      batches.enter(c, messages, first)
    },
  }
}

describe('batches', () => {
  test('start when they are full, and one at a time', async () => {
    const t = bench()
    t.fetch(7)
    expect(t.calls.map((c) => c.offsets)).toEqual([[0, 1, 2]])
    await t.calls[0]!.resolve()
    expect(t.calls.map((c) => c.offsets)).toEqual([
      [0, 1, 2],
      [3, 4, 5],
    ])
    expect(committable(t.claim.tracker)).toBe(3)
  })

  test('start with less when the first record has waited long enough, not before', () => {
    const t = bench()
    t.fetch(1)
    t.clock.advance(60)
    t.fetch(1)
    t.clock.advance(39)
    expect(t.calls).toHaveLength(0)
    t.clock.advance(1)
    expect(t.calls.map((c) => c.offsets)).toEqual([[0, 1]])
  })

  test('are tried again as a whole, and stop the partition when their attempts are exhausted', async () => {
    const t = bench()
    t.fetch(3)
    await t.calls[0]!.reject(new Error('no'))
    expect(t.calls).toHaveLength(1)
    t.clock.advance(50)
    expect(t.calls[1]).toMatchObject({ offsets: [0, 1, 2], attempt: 2 })
    await t.calls[1]!.reject(new Error('no'))
    expect(t.told).toEqual(['retry 0', 'stop 0'])
    expect(committable(t.claim.tracker)).toBe(0)
  })

  test('records that arrive during a pause between attempts wait behind it', async () => {
    const t = bench()
    t.fetch(3)
    await t.calls[0]!.reject(new Error('no'))
    t.fetch(3)
    expect(t.calls).toHaveLength(1)
    t.clock.advance(50)
    await t.calls[1]!.resolve()
    expect(t.calls[2]!.offsets).toEqual([3, 4, 5])
  })

  test('a paused partition keeps its records and goes on with them (T7, T9)', async () => {
    const t = bench()
    t.fetch(4)
    t.claim.pausedByUser = true
    await t.calls[0]!.resolve()
    t.clock.advance(1_000)
    expect(t.calls).toHaveLength(1)
    t.claim.pausedByUser = false
    t.batches.wake(t.claim)
    expect(t.calls.map((c) => c.offsets)).toEqual([[0, 1, 2], [3]])
  })
})
