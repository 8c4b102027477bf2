import type { FetchedMessage } from '@tidemark/client/internal'
import { ManualClock } from '@tidemark/platform/testing'
import { describe, expect, test } from 'vitest'
import { Claim } from '../claims/claim.ts'
import { committable, enter, tracker } from '../commit/tracker.ts'
import { selectionOf } from '../selection.ts'
import { ByBatch } from './by-batch.ts'
import type { BatchWork, WorkListener } from './work.ts'

function workOf(settings: Partial<BatchWork> = {}) {
  const clock = new ManualClock()
  const calls: { offsets: number[]; attempt: number; resolve(): Promise<void>; reject(error: unknown): Promise<void> }[] = []
  const told: string[] = []
  const settled = async (): Promise<void> => {
    for (let i = 0; i < 5; i++) await null
  }
  const listener: WorkListener = {
    run: {},
    mode: 'processed',
    mayStart: (c) => c.phase === 'working' && !c.paused,
    closed: () => {},
    settled: () => {},
    retrying: (_, offset) => told.push(`retry ${offset}`),
    skipped: (_, offset) => told.push(`skip ${offset}`),
    stopped: (_, offset) => told.push(`stop ${offset}`),
    stuck: (_, offset) => told.push(`stuck ${offset}`) > 0,
    fenced: () => {},
    storeFailing: () => {},
    commitTimeoutMs: 1_000,
    commit: async () => {},
  }
  const work: BatchWork = {
    kind: 'batches',
    topics: selectionOf('t'),
    concurrency: 10,
    recordsMax: 3,
    waitMaxMs: 100,
    retry: { attempts: 2, delayMs: 50, delayMaxMs: 50 },
    exhausted: 'stop',
    timeoutMs: undefined,
    store: undefined,
    timeoutGraceMs: 1_000,
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
  const batches = new ByBatch(work, listener, clock, { next: () => 0, uuid: () => '' })
  const c = new Claim(1, 't', 0, undefined)
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
        return { topic: 't', partition: 0, offset } as unknown as FetchedMessage
      })
      batches.enter(c, messages, first)
    },
  }
}

describe('batches', () => {
  test("are the handler's to read: what it does to the array changes nothing", async () => {
    const given: number[][] = []
    const t = workOf({
      handler: ({ messages }, { attempt }) => {
        given.push(messages.map((m) => m.offset))
        ;(messages as unknown[]).splice(0, 2) // throws: the array is frozen
        return attempt
      },
    })
    t.fetch(3)
    t.clock.advance(50)
    expect(given).toEqual([
      [0, 1, 2],
      [0, 1, 2],
    ])
    expect(committable(t.claim.tracker)).toBe(0)
  })

  test('start when they are full, and one at a time', async () => {
    const t = workOf()
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
    const t = workOf()
    t.fetch(1)
    t.clock.advance(60)
    t.fetch(1)
    t.clock.advance(39)
    expect(t.calls).toHaveLength(0)
    t.clock.advance(1)
    expect(t.calls.map((c) => c.offsets)).toEqual([[0, 1]])
  })

  test('are tried again as a whole, and stop the partition when their attempts are exhausted', async () => {
    const t = workOf()
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
    const t = workOf()
    t.fetch(3)
    await t.calls[0]!.reject(new Error('no'))
    t.fetch(3)
    expect(t.calls).toHaveLength(1)
    t.clock.advance(50)
    await t.calls[1]!.resolve()
    expect(t.calls[2]!.offsets).toEqual([3, 4, 5])
  })

  test('a paused partition keeps its records and goes on with them (T7, T9)', async () => {
    const t = workOf()
    t.fetch(4)
    t.claim.paused = true
    await t.calls[0]!.resolve()
    t.clock.advance(1_000)
    expect(t.calls).toHaveLength(1)
    t.claim.paused = false
    t.batches.wake(t.claim)
    expect(t.calls.map((c) => c.offsets)).toEqual([[0, 1, 2], [3]])
  })
})
