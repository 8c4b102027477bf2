import type { FetchedMessage } from '@tidemark/client/internal'
import { ManualClock } from '@tidemark/platform/testing'
import { describe, expect, test } from 'vitest'
import { Claim } from '../claims/claim.ts'
import { committable, enter, tracker } from '../commit/tracker.ts'
import { selectionOf } from '../selection.ts'
import { scriptedLetters } from '../testing/letters.case.ts'
import { ByBatch } from './by-batch.ts'
import type { BatchContext } from './context.ts'
import { deadLetter } from './dead-letter.ts'
import type { BatchWork, MessageBatch, WorkListener } from './work.ts'

function workOf(settings: Partial<BatchWork> = {}) {
  const clock = new ManualClock()
  const calls: {
    offsets: number[]
    attempt: number
    batch: MessageBatch
    context: BatchContext
    resolve(): Promise<void>
    reject(error: unknown): Promise<void>
  }[] = []
  const told: string[] = []
  const letters = scriptedLetters(told)
  const closed: number[] = []
  const settled = async (): Promise<void> => {
    for (let i = 0; i < 5; i++) await null
  }
  const listener: WorkListener = {
    run: {},
    mode: 'processed',
    admit: () => ({ over: () => {} }),
    mayStart: (c) => c.phase === 'working' && !c.paused,
    isDoubtful: () => false,
    closed: (_, ticket, count) => void closed.push(...Array.from({ length: count }, (_, i) => ticket + i)),
    settled: () => {},
    retrying: (_, offset) => told.push(`retry ${offset}`),
    skipped: (_, offset) => told.push(`skip ${offset}`),
    ...letters.listener,
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
    poison: undefined,
    timeoutMs: undefined,
    store: undefined,
    timeoutGraceMs: 1_000,
    handler: (batch, context) =>
      new Promise<void>((resolve, reject) => {
        calls.push({
          offsets: batch.messages.map((m) => m.offset),
          attempt: context.attempt,
          batch,
          context,
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
    letters: letters.writes,
    closed,
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

describe('batch.failedAt()', () => {
  test('records before it are done, it is tried again alone, and those after it come with the next batch', async () => {
    const t = workOf()
    t.fetch(5)
    t.calls[0]!.batch.failedAt(1, new Error('bad'))
    await t.calls[0]!.resolve()
    expect(committable(t.claim.tracker)).toBe(1)
    expect(t.told).toEqual(['retry 1'])
    expect(t.calls).toHaveLength(1)
    t.clock.advance(50)
    expect(t.calls[1]).toMatchObject({ offsets: [1], attempt: 2 })
    await t.calls[1]!.resolve()
    expect(t.calls[2]).toMatchObject({ offsets: [2, 3, 4], attempt: 1 })
    await t.calls[2]!.resolve()
    expect(committable(t.claim.tracker)).toBe(5)
  })

  test.each([
    ['first', 0, [0], [1, 2]],
    ['last', 2, [2], [3, 4, 5]],
  ] as const)('the %s record can be the one', async (_, index, alone, next) => {
    const t = workOf()
    t.fetch(6)
    t.calls[0]!.batch.failedAt(index, 'bad')
    await t.calls[0]!.reject(new Error('and thrown'))
    t.clock.advance(50)
    expect(t.calls[1]!.offsets).toEqual(alone)
    await t.calls[1]!.resolve()
    expect(t.calls[2]!.offsets.slice(0, next.length)).toEqual(next)
    await t.calls[2]!.resolve()
    expect(committable(t.claim.tracker)).toBe(t.calls[2]!.offsets.at(-1)! + 1)
  })

  test('once its attempts are exhausted it goes the way of exhausted, alone', async () => {
    const t = workOf({ exhausted: deadLetter('dead') })
    t.fetch(3)
    t.calls[0]!.batch.failedAt(1, 'bad')
    await t.calls[0]!.resolve()
    t.clock.advance(50)
    t.calls[1]!.batch.failedAt(0, 'still bad')
    await t.calls[1]!.resolve()
    expect(t.letters[0]).toMatchObject({ offsets: [1], failure: { cause: 'exhausted', attempts: 2, why: 'still bad' } })
    expect(t.calls).toHaveLength(2)
    expect(committable(t.claim.tracker)).toBe(1)
    await t.letters[0]!.written()
    expect(committable(t.claim.tracker)).toBe(2)
    t.clock.advance(100)
    expect(t.calls[2]!.offsets).toEqual([2])
  })

  test('while the partition is given up: those before it are done, and nothing else is', async () => {
    const t = workOf()
    t.fetch(3)
    t.claim.phase = 'draining'
    expect(t.batches.drop(t.claim)).toHaveLength(3)
    t.calls[0]!.batch.failedAt(1, 'bad')
    await t.calls[0]!.resolve()
    t.clock.advance(1_000)
    expect(t.calls).toHaveLength(1)
    expect(committable(t.claim.tracker)).toBe(1)
    expect(t.closed).toEqual([0, 2, 1])
  })

  test('of several the first counts; skip, deadLetter and a commit are for the whole batch', async () => {
    const t = workOf({ exhausted: deadLetter('dead') })
    t.fetch(12)
    t.calls[0]!.batch.failedAt(2, 'later')
    t.calls[0]!.batch.failedAt(1, 'earlier')
    await t.calls[0]!.resolve()
    t.clock.advance(50)
    expect(t.calls[1]!.offsets).toEqual([1])
    await t.calls[1]!.resolve()
    for (const prevails of [(c: BatchContext) => c.skip('why'), (c: BatchContext) => void c.commit()]) {
      const call = t.calls.at(-1)!
      call.batch.failedAt(0, 'no matter')
      prevails(call.context)
      await call.resolve()
      expect(committable(t.claim.tracker)).toBe(call.offsets.at(-1)! + 1)
    }
    const call = t.calls.at(-1)!
    call.batch.failedAt(0, 'no matter')
    call.context.deadLetter('all of it')
    await call.resolve()
    expect(t.letters[0]!.offsets).toEqual(call.offsets)
  })

  test('an index that is not of the batch is refused', () => {
    const t = workOf()
    t.fetch(3)
    for (const index of [-1, 3, 0.5, Number.NaN, '0']) {
      expect(() => t.calls[0]!.batch.failedAt(index as number, 'bad')).toThrow(/index of a message of the batch, from 0 to 2/)
    }
  })
})

describe('dead letters of a batch', () => {
  test('are written for each of its records; those that were written are not written again', async () => {
    const t = workOf({ exhausted: deadLetter('dead') })
    t.fetch(3)
    t.calls[0]!.context.deadLetter('bad')
    await t.calls[0]!.resolve()
    await t.letters[0]!.fails('UNREACHABLE', 1)
    expect(committable(t.claim.tracker)).toBe(0)
    t.clock.advance(200)
    expect(t.letters[1]!.offsets).toEqual([1, 2])
    await t.letters[1]!.written()
    expect(committable(t.claim.tracker)).toBe(3)
  })
})
