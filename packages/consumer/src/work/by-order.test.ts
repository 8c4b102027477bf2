// biome-ignore-all lint/suspicious/noThenProperty: thenables of every kind are what is tested
import type { FetchedMessage } from '@tidemark/client/internal'
import { TidemarkError } from '@tidemark/platform'
import { ManualClock } from '@tidemark/platform/testing'
import { describe, expect, test } from 'vitest'
import { Claim, type EndReason } from '../claims/claim.ts'
import type { Guard } from '../claims/guard.ts'
import type { Admission } from '../claims/guards.ts'
import { committable, enter, tracker } from '../commit/tracker.ts'
import { selectionOf } from '../selection.ts'
import type { TransactionalStore } from '../stores/store.ts'
import { scriptedLetters } from '../testing/letters.case.ts'
import { ByOrder } from './by-order.ts'
import type { Context } from './context.ts'
import { deadLetter } from './dead-letter.ts'
import type { CommitMode, EachWork, WorkListener } from './work.ts'

interface Call {
  readonly offset: number
  readonly context: Context
  resolve(): Promise<void>
  reject(error?: unknown): Promise<void>
}

/** As the registry ends a claim. */
function end(c: Claim, reason: EndReason): void {
  c.phase = 'dead'
  c.endReason = reason
  c.abort(reason)
}

const settled = async (): Promise<void> => {
  for (let i = 0; i < 5; i++) await null
}

function workOf(settings: Partial<EachWork> = {}, mode: CommitMode = 'processed') {
  const clock = new ManualClock()
  const calls: Call[] = []
  const told: string[] = []
  const letters = scriptedLetters(told)
  const admissions = new Map<number, PromiseWithResolvers<Admission | undefined>>()
  const condemned = new Set<number>()
  const claims: Claim[] = []
  let trusted = true
  const isAssigned = ({ partition }: Claim): boolean => claims.some((c) => c.partition === partition && !c.isDead)
  const listener: WorkListener = {
    run: {},
    mode,
    admit: (_, __, offsets) => admissions.get(offsets[0]!)?.promise ?? (condemned.has(offsets[0]!) ? 'condemned' : { over: () => {} }),
    mayStart: (c) => c.phase === 'working' && !c.paused && trusted,
    isDoubtful: () => !trusted,
    closed: () => {},
    settled: () => {},
    retrying: (_, offset, attempt) => told.push(`retry ${offset} after attempt ${attempt}`),
    skipped: (_, offset, why) => told.push(`skip ${offset}: ${why}`),
    ...letters.listener,
    stopped: (_, offset, error) => told.push(`stop ${offset}: ${error}`),
    stuck(claim, offset, elapsedMs, isSlotWanted) {
      if (!isSlotWanted && !isAssigned(claim)) return false
      told.push(`stuck ${offset} after ${elapsedMs} ms`)
      return true
    },
    fenced: () => {},
    storeFailing: () => {},
    commitTimeoutMs: 1_000,
    commit: async () => {},
  }
  const work: EachWork = {
    kind: 'each',
    topics: selectionOf('t'),
    order: 'partition',
    concurrency: 100,
    retry: { attempts: 3, delayMs: 100, delayMaxMs: 1000 },
    exhausted: 'stop',
    poison: undefined,
    timeoutMs: undefined,
    timeoutGraceMs: 1_000,
    store: undefined,
    handler: (message, context) =>
      new Promise<void>((resolve, reject) => {
        calls.push({
          offset: message.offset,
          context,
          resolve: () => (resolve(), settled()),
          reject: (error) => (reject(error), settled()),
        })
      }),
    ...settings,
  }
  const worker = new ByOrder(work, listener, clock, { next: () => 0.5, uuid: () => '' })
  return {
    clock,
    calls,
    told,
    letters: letters.writes,
    admissions,
    condemned,
    worker,
    claim(partition = 0): Claim {
      const c = new Claim(claims.length, 't', partition, undefined)
      c.phase = 'working'
      c.tracker = tracker(0)
      claims.push(c)
      return c
    },
    /** Records of these keys, at the next offsets; null: no key. */
    fetch(c: Claim, ...keys: (string | null)[]) {
      const first = c.tracker.next
      const messages = keys.map((key) => {
        const offset = c.tracker.position
        enter(c.tracker, offset)
        return { topic: 't', partition: c.partition, offset, key: key === null ? null : Buffer.from(key) } as unknown as FetchedMessage
      })
      worker.enter(c, messages, first)
    },
    call: (offset: number): Call => calls.findLast((call) => call.offset === offset)!,
    started: () => calls.map((call) => call.offset),
    distrust(value: boolean) {
      trusted = !value
    },
  }
}

test('with a store: the time that the database takes to begin is not the handler’s, and a record whose handler was never called is not skipped (seed 3002496)', async () => {
  const failing = [true, true, true]
  const store = {
    name: 'a database that comes back',
    run: async (_: unknown, records: readonly unknown[], act: (tx: unknown, fresh: readonly unknown[]) => unknown) => {
      if (failing.shift()) throw new TidemarkError('STORE_UNAVAILABLE', 'the connection to the database was lost')
      await act({}, records)
    },
  } as unknown as TransactionalStore<unknown>
  const t = workOf({ store, timeoutMs: 100, exhausted: 'skip', retry: { attempts: 1, delayMs: 1, delayMaxMs: 1 } })
  const c = t.claim()
  c.holding = {} as never
  t.fetch(c, 'a')
  for (let i = 0; i < 20 && t.calls.length === 0; i++) {
    t.clock.advance(1_000)
    await settled()
  }
  expect([t.started(), t.told, committable(c.tracker)]).toEqual([[0], [], 0])
  t.clock.advance(99)
  await t.call(0).resolve()
  for (let i = 0; i < 20; i++) await null
  expect([t.told, committable(c.tracker)]).toEqual([[], 1])
  t.fetch(c, 'b')
  for (let i = 0; i < 20; i++) await null
  t.clock.advance(100)
  expect(t.call(1).context.signal.reason).toBe('timeout')
})

describe('order by partition', () => {
  test('runs one record of a partition at a time, and partitions side by side', async () => {
    const t = workOf()
    const [a, b] = [t.claim(0), t.claim(1)]
    t.fetch(a, 'x', 'x')
    t.fetch(b, 'x', 'x')
    expect(t.calls).toHaveLength(2)
    await t.calls[0]!.resolve()
    expect(t.started()).toEqual([0, 0, 1])
    expect(committable(a.tracker)).toBe(1)
    expect(committable(b.tracker)).toBe(0)
  })
})

describe('order by key', () => {
  test('runs records of one key one after the other, compared by content, and other keys beside them (T43)', async () => {
    const t = workOf({ order: 'key' })
    const c = t.claim()
    t.fetch(c, 'a', 'b', 'a', 'b', 'c')
    expect(t.started()).toEqual([0, 1, 4])
    await t.call(1).resolve()
    expect(t.started()).toEqual([0, 1, 4, 3])
    expect(committable(c.tracker)).toBe(0)
    await t.call(0).resolve()
    expect(committable(c.tracker)).toBe(2)
  })

  test('a record without a key has no order among the keyless', () => {
    const t = workOf({ order: 'key' })
    t.fetch(t.claim(), null, null, 'a')
    expect(t.started().sort()).toEqual([0, 1, 2])
  })

  test('the empty key is a key, and not the same as none', () => {
    const t = workOf({ order: 'key' })
    t.fetch(t.claim(), '', '', null)
    expect(t.started()).toEqual([0, 2])
  })

  test('how many records pause is known, whatever ends the pause', async () => {
    const t = workOf({ order: 'key' })
    const c = t.claim()
    t.fetch(c, 'x', 'y')
    await t.call(0).reject(new Error('no'))
    await t.call(1).reject(new Error('no'))
    expect(c.calls).toEqual({ started: 2, running: 0, stuck: 0, pausing: 2 })
    t.clock.advance(100)
    expect(c.calls).toEqual({ started: 4, running: 2, stuck: 0, pausing: 0 })
    await t.call(0).reject(new Error('no'))
    expect(c.calls).toEqual({ started: 4, running: 1, stuck: 0, pausing: 1 })
    c.phase = 'draining'
    t.worker.drop(c)
    expect(c.calls).toEqual({ started: 4, running: 1, stuck: 0, pausing: 0 })
  })

  test('a retrying record holds up its own key alone', async () => {
    const t = workOf({ order: 'key' })
    t.fetch(t.claim(), 'a', 'a', 'b', 'b')
    await t.call(0).reject(new Error('no'))
    await t.call(2).resolve()
    expect(t.started()).toEqual([0, 2, 3])
    t.clock.advance(100)
    expect(t.started()).toEqual([0, 2, 3, 0])
    expect(t.call(0).context.attempt).toBe(2)
    await t.call(0).resolve()
    expect(t.started()).toEqual([0, 2, 3, 0, 1])
  })
})

describe('no order', () => {
  test('runs as many side by side as concurrency allows, over all partitions', async () => {
    const t = workOf({ order: 'none', concurrency: 3 })
    const [a, b] = [t.claim(0), t.claim(1)]
    t.fetch(a, 'x', 'x')
    t.fetch(b, 'x', 'x')
    expect(t.calls).toHaveLength(3)
    await t.calls[1]!.resolve()
    expect(t.calls).toHaveLength(4)
  })

  test('the commit waits for the oldest however the others finish', async () => {
    const t = workOf({ order: 'none' })
    const c = t.claim()
    t.fetch(c, 'x', 'x', 'x')
    await t.call(2).resolve()
    await t.call(1).resolve()
    expect(committable(c.tracker)).toBe(0)
    await t.call(0).resolve()
    expect(committable(c.tracker)).toBe(3)
  })
})

describe('failures', () => {
  test('are tried again with growing pauses until the attempts are exhausted, and then the partition stops', async () => {
    const t = workOf()
    const c = t.claim()
    t.fetch(c, 'x', 'x')
    await t.call(0).reject('first')
    t.clock.advance(75)
    await t.call(0).reject('second')
    t.clock.advance(150)
    await t.call(0).reject('third')
    expect(t.told).toEqual(['retry 0 after attempt 1', 'retry 0 after attempt 2', 'stop 0: third'])
    expect(t.started()).toEqual([0, 0, 0])
    expect(committable(c.tracker)).toBe(0)
  })

  test('skip counts an exhausted record as done and goes on', async () => {
    const t = workOf({ exhausted: 'skip', retry: { attempts: 1, delayMs: 0, delayMaxMs: 0 } })
    const c = t.claim()
    t.fetch(c, 'x', 'x')
    await t.call(0).reject('bad')
    expect(t.told).toEqual(['skip 0: bad'])
    expect(committable(c.tracker)).toBe(1)
    expect(t.started()).toEqual([0, 1])
  })

  test.each([
    [
      'throws in the call',
      () => {
        throw new Error('sync')
      },
    ],
    [
      'throws what is not an error',
      () => {
        throw undefined
      },
    ],
    ['rejects with undefined', () => Promise.reject(undefined)],
  ])('a handler that %s has failed and takes nothing else with it (T42)', async (_, handler) => {
    const t = workOf({ handler, retry: { attempts: 1, delayMs: 0, delayMaxMs: 0 }, exhausted: 'skip' })
    const c = t.claim()
    t.fetch(c, 'x')
    await settled()
    expect(t.told).toHaveLength(1)
    expect(committable(c.tracker)).toBe(1)
  })

  test('a handler that does not settle in time has failed, and is tried again only once it has settled', async () => {
    const t = workOf({ order: 'key', concurrency: 1, timeoutMs: 500, timeoutGraceMs: 10_000 })
    const c = t.claim()
    t.fetch(c, 'x', 'x', 'y')
    const { signal } = t.call(0).context
    t.clock.advance(5_000)
    expect(signal.reason).toBe('timeout')
    expect(t.started()).toEqual([0]) // its slot and its key are taken
    await t.calls[0]!.resolve()
    expect(committable(c.tracker)).toBe(0)
    expect(t.told).toEqual(['retry 0 after attempt 1'])
    expect(t.started()).toEqual([0, 2])
    await t.call(2).resolve()
    t.clock.advance(100)
    expect(t.started()).toEqual([0, 2, 0])
  })

  test('a handler that outlives its time-out and its grace period stops its partition as stuck', () => {
    const t = workOf({ timeoutMs: 500, timeoutGraceMs: 1_000 })
    t.fetch(t.claim(), 'x')
    t.clock.advance(1_499)
    expect(t.told).toEqual([])
    t.clock.advance(1)
    expect(t.told).toEqual(['stuck 0 after 1500 ms'])
  })

  test('a stuck call that held nothing up is reported as stuck once its partition is back and waits for it', () => {
    const t = workOf({ timeoutMs: 500, timeoutGraceMs: 1_000 })
    const old = t.claim()
    t.fetch(old, 'x')
    end(old, 'lost')
    t.worker.drop(old)
    t.clock.advance(3_000)
    expect(t.told).toEqual([])
    t.fetch(t.claim(), 'x')
    expect(t.started()).toEqual([0]) // the partition has one lane, and the old call is in it
    t.clock.advance(1_000)
    expect(t.told).toEqual(['stuck 0 after 3500 ms'])
  })

  test('a stuck call is counted until it settles', async () => {
    const t = workOf({ timeoutMs: 500, timeoutGraceMs: 1_000 })
    const c = t.claim()
    t.fetch(c, 'x')
    t.clock.advance(1_500)
    expect(c.calls).toMatchObject({ running: 1, stuck: 1 })
    await t.call(0).resolve()
    expect(c.calls).toMatchObject({ running: 0, stuck: 0 })
  })

  test('a stuck call whose partition is gone is reported as stuck once another partition waits for its slot', () => {
    const t = workOf({ timeoutMs: 500, timeoutGraceMs: 1_000, concurrency: 1 })
    const gone = t.claim(0)
    t.fetch(gone, 'x')
    end(gone, 'lost')
    t.worker.drop(gone)
    t.clock.advance(1_500)
    expect(t.told).toEqual([])
    t.fetch(t.claim(1), 'x')
    t.clock.advance(1_000)
    expect(t.told).toEqual(['stuck 0 after 2500 ms'])
  })

  test('a handler that asked to skip is done however it ends', async () => {
    const t = workOf()
    const c = t.claim()
    t.fetch(c, 'x')
    t.call(0).context.skip('a duplicate')
    await t.call(0).reject(new Error('and then it failed'))
    expect(t.told).toEqual(['skip 0: a duplicate'])
    expect(committable(c.tracker)).toBe(1)
  })
})

describe('claims', () => {
  test('a late result of a dead claim counts for nothing, also not for the next claim of the partition (T2, T8)', async () => {
    const t = workOf()
    const old = t.claim()
    t.fetch(old, 'x')
    t.worker.drop(old)
    end(old, 'lost')
    const fresh = t.claim()
    t.fetch(fresh, 'x')
    await t.calls[0]!.resolve()
    expect(committable(old.tracker)).toBe(0)
    expect(committable(fresh.tracker)).toBe(0)
    await t.calls[1]!.resolve()
    expect(committable(fresh.tracker)).toBe(1)
  })

  test('draining starts nothing, drops what waits for another attempt, and keeps what finishes (T20)', async () => {
    const t = workOf({ order: 'none', concurrency: 2 })
    const c = t.claim()
    t.fetch(c, 'x', 'x', 'x')
    await t.call(1).reject('no')
    c.phase = 'draining'
    t.worker.drop(c)
    await t.call(0).resolve()
    t.clock.advance(10_000)
    expect(t.started()).toEqual([0, 1, 2])
    await t.call(2).resolve()
    expect(committable(c.tracker)).toBe(1)
  })

  test('signals of handlers abort with the reason when their claim ends', () => {
    const t = workOf()
    const c = t.claim()
    t.fetch(c, 'x')
    const { signal } = t.call(0).context
    end(c, 'lost')
    expect(signal.reason).toBe('lost')
  })

  test('slots of a lost claim are free again: nothing leaks (T30)', async () => {
    const t = workOf({ concurrency: 1 })
    const old = t.claim(0)
    const other = t.claim(1)
    t.fetch(old, 'x')
    t.fetch(other, 'x')
    t.worker.drop(old)
    end(old, 'lost')
    await t.calls[0]!.resolve()
    expect(t.calls).toHaveLength(2)
  })

  test('pause keeps what was fetched, and resume goes on with the next record (T9)', async () => {
    const t = workOf()
    const c = t.claim()
    t.fetch(c, 'x', 'x', 'x')
    c.paused = true
    await t.call(0).resolve()
    expect(t.started()).toEqual([0])
    expect(committable(c.tracker)).toBe(1)
    c.paused = false
    t.worker.wake(c)
    expect(t.started()).toEqual([0, 1])
  })

  test('nothing starts while the member may have been expelled', async () => {
    const t = workOf()
    const c = t.claim()
    t.fetch(c, 'x', 'x')
    t.distrust(true)
    await t.call(0).resolve()
    expect(t.started()).toEqual([0])
    t.distrust(false)
    t.worker.wake(c)
    expect(t.started()).toEqual([0, 1])
  })
})

describe('commit modes', () => {
  test('delivered counts a record as done when its handler is called', () => {
    const t = workOf({}, 'delivered')
    const c = t.claim()
    t.fetch(c, 'x', 'x')
    expect(committable(c.tracker)).toBe(1)
  })

  test.each([
    ['delivered' as const, 0],
    ['processed' as const, 1],
  ])('%s: what failed is noted for as long as it is not done', async (mode, count) => {
    const t = workOf({}, mode)
    const c = t.claim()
    t.fetch(c, 'x')
    await t.call(0).reject(new Error('no'))
    expect(c.tracker.notes.size).toBe(count)
    t.clock.advance(100)
    await t.call(0).resolve()
    expect(c.tracker.notes.size).toBe(0)
  })

  test('manual leaves a record that its handler did not commit, and never passes it', async () => {
    const t = workOf({ order: 'none' }, 'manual')
    const c = t.claim()
    t.fetch(c, 'x', 'x')
    await t.call(1).context.commit()
    await t.call(0).resolve()
    await t.call(1).resolve()
    expect(committable(c.tracker)).toBe(0)
    await t.call(0).context.commit()
    expect(committable(c.tracker)).toBe(2)
  })
})

test('a handler without promises runs through thousands of records without growing the stack', () => {
  let calls = 0
  const t = workOf({ handler: () => void calls++ })
  const c = t.claim()
  t.fetch(c, ...Array.from({ length: 50_000 }, () => 'x'))
  expect(calls).toBe(50_000)
  expect(committable(c.tracker)).toBe(50_000)
})

describe('whatever a handler returns', () => {
  const throwing = {
    then: () => {
      throw new Error('no')
    },
  }
  const twice = { then: (resolve: () => void) => (resolve(), resolve()) }
  const unreadable = {
    get then(): unknown {
      throw new Error('no')
    },
  }
  const callable = Object.assign(() => {}, { then: (resolve: () => void) => resolve() })

  test.each([
    ['a thenable whose then throws', throwing, 'failed'],
    ['a thenable whose then cannot be read', unreadable, 'failed'],
    ['a thenable that resolves twice', twice, 'done'],
    ['a function with a then', callable, 'done'],
    ['a function', () => {}, 'done'],
    ['nothing', undefined, 'done'],
    ['null', null, 'done'],
  ] as const)('%s settles the call once', async (_, result, outcome) => {
    const t = workOf({ concurrency: 1, handler: () => result })
    const c = t.claim()
    t.fetch(c, 'x')
    await settled()
    expect(c.calls.running).toBe(0)
    expect(t.told).toEqual(outcome === 'failed' ? ['retry 0 after attempt 1'] : [])
    expect(committable(c.tracker)).toBe(outcome === 'failed' ? 0 : 1)
  })

  test('a function with a then is waited for', async () => {
    const gate = Promise.withResolvers<void>()
    const t = workOf({ handler: () => Object.assign(() => {}, { then: gate.promise.then.bind(gate.promise) }) })
    const c = t.claim()
    t.fetch(c, 'x')
    await settled()
    expect(committable(c.tracker)).toBe(0)
    gate.resolve()
    await settled()
    expect(committable(c.tracker)).toBe(1)
  })
})

describe('a claim that is replaced while its handlers run', () => {
  test.each(['partition', 'key'] as const)('order %s: nothing of the new claim starts beside a call of the old one', async (order) => {
    const t = workOf({ order })
    const old = t.claim()
    t.fetch(old, 'x')
    t.worker.drop(old)
    end(old, 'seek')
    const fresh = t.claim()
    t.fetch(fresh, 'x', 'x')
    expect(t.started()).toEqual([0])
    await t.calls[0]!.resolve()
    expect(t.started()).toEqual([0, 0])
    expect(committable(fresh.tracker)).toBe(0)
  })

  test('order none: the record that an old call handles waits, and the others do not', async () => {
    const t = workOf({ order: 'none' })
    const old = t.claim()
    t.fetch(old, 'x')
    t.worker.drop(old)
    end(old, 'seek')
    const fresh = t.claim()
    t.fetch(fresh, 'x', 'x')
    expect(t.started()).toEqual([0, 1])
    await t.calls[0]!.resolve()
    expect(t.started()).toEqual([0, 1, 0])
  })
})

describe('the signal of a call', () => {
  test('belongs to the call: listeners that are never removed are not kept by the claim', async () => {
    const t = workOf({ order: 'none', concurrency: 1 })
    const c = t.claim()
    t.fetch(c, ...Array.from({ length: 100 }, () => 'x'))
    let aborted = 0
    for (let offset = 0; offset < 100; offset++) {
      t.call(offset).context.signal.addEventListener('abort', () => aborted++)
      if (offset < 99) await t.call(offset).resolve()
    }
    end(c, 'lost')
    expect(aborted).toBe(1)
    expect(t.call(99).context.signal.reason).toBe('lost')
    expect(t.call(0).context.signal.aborted).toBe(false)
  })
})

describe('manual commits', () => {
  test('a commit covers earlier records whose handlers have settled, and is held back by those that run', async () => {
    const t = workOf({ order: 'none' }, 'manual')
    const c = t.claim()
    t.fetch(c, 'x', 'x', 'x', 'x')
    await t.call(0).resolve()
    await t.call(2).resolve()
    await t.call(3).context.commit()
    expect(committable(c.tracker)).toBe(1)
    expect(c.tracker.finishedCount).toBe(3)
    await t.call(1).resolve()
    expect(committable(c.tracker)).toBe(1)
  })
})

describe('commit() of a call', () => {
  test('after the call has failed, or its time is over, is refused: the record may be tried again', async () => {
    const t = workOf({ timeoutMs: 500 })
    const c = t.claim()
    t.fetch(c, 'x', 'x')
    const [first] = t.calls
    await first!.reject('no')
    await expect(first!.context.commit()).rejects.toMatchObject({ code: 'COMMIT_FENCED' })
    t.clock.advance(100)
    t.clock.advance(500)
    await expect(t.calls.at(-1)!.context.commit()).rejects.toMatchObject({ code: 'COMMIT_FENCED' })
    expect(committable(c.tracker)).toBe(0)
  })

  test('counts: a handler that fails afterwards is not called again for the record', async () => {
    const t = workOf()
    const c = t.claim()
    t.fetch(c, 'x', 'x')
    await t.calls[0]!.context.commit()
    await t.calls[0]!.reject('too late')
    expect(t.told).toEqual(['skip 0: too late'])
    expect(t.calls.map((c) => c.offset)).toEqual([0, 1])
    expect(committable(c.tracker)).toBe(1)
  })

  test('checks what it is given', async () => {
    const t = workOf()
    t.fetch(t.claim(), 'x')
    const [call] = t.calls
    await expect(call!.context.commit({ timeoutMs: -1 })).rejects.toMatchObject({ code: 'INVALID_OPTION' })
    await expect(call!.context.commit({ timeoutMS: 5 } as never)).rejects.toMatchObject({ code: 'INVALID_OPTION' })
    await expect(call!.context.commit({ signal: {} as never })).rejects.toMatchObject({ code: 'INVALID_OPTION' })
  })
})

describe('dead letters', () => {
  const exhausted = deadLetter('dead', { delayMs: 100, delayMaxMs: 1_000 })
  const retry = { attempts: 1, delayMs: 100, delayMaxMs: 100 }

  test('a record is done once its dead letter is acknowledged, and not before (T14)', async () => {
    const t = workOf({ order: 'key', exhausted, retry })
    const c = t.claim()
    t.fetch(c, 'x', 'y', 'x')
    await t.call(0).reject(new Error('no'))
    await t.call(1).resolve()
    expect(t.letters[0]).toMatchObject({ offsets: [0], failure: { cause: 'exhausted', attempts: 1 } })
    expect(t.worker.holdup(c)).toMatchObject({ offset: 0, state: 'waiting for its dead letter to be written' })
    expect(committable(c.tracker)).toBe(0)
    expect(t.started()).toEqual([0, 1])
    await t.letters[0]!.written()
    expect(t.told).toEqual(['dead letter 0: exhausted'])
    expect(committable(c.tracker)).toBe(2)
    expect(t.started()).toEqual([0, 1, 2])
  })

  test('one that cannot be written keeps its record pending, and its key, and is tried again with growing pauses', async () => {
    const t = workOf({ order: 'key', exhausted, retry })
    const c = t.claim()
    t.fetch(c, 'x', 'y', 'x')
    await t.call(0).reject(new Error('no'))
    await t.call(1).resolve()
    for (const [tries, pauseMs] of [
      [1, 75],
      [2, 150],
      [3, 300],
      [4, 600],
      [5, 750],
      [6, 750],
    ] as const) {
      await t.letters.at(-1)!.fails('UNREACHABLE')
      expect(t.told.at(-1)).toBe(`no dead letter 0, try ${tries}, again in ${pauseMs}`)
      t.clock.advance(pauseMs - 1)
      expect(t.letters).toHaveLength(tries)
      t.clock.advance(1)
      expect(t.letters).toHaveLength(tries + 1)
    }
    expect(committable(c.tracker)).toBe(0)
    expect(t.started()).toEqual([0, 1])
    await t.letters.at(-1)!.written()
    expect(committable(c.tracker)).toBe(2)
  })

  test('one that no retry can write stops the partition', async () => {
    const t = workOf({ exhausted, retry })
    const c = t.claim()
    t.fetch(c, 'x', 'x')
    await t.call(0).reject(new Error('no'))
    await t.letters[0]!.fails('TOPIC_AUTHORIZATION_FAILED')
    expect(t.told).toEqual(['no dead letter 0, try 0, again in undefined'])
    t.clock.advance(100_000)
    expect([t.letters.length, t.started(), committable(c.tracker)]).toEqual([1, [0], 0])
  })

  test('takes no slot while it is written', async () => {
    const t = workOf({ order: 'none', concurrency: 1, exhausted, retry })
    const c = t.claim()
    t.fetch(c, null, null)
    await t.call(0).reject(new Error('no'))
    expect(t.started()).toEqual([0, 1])
  })

  test('of a partition that is being given up holds the drain, and is not tried again', async () => {
    const t = workOf({ exhausted, retry })
    const c = t.claim()
    t.fetch(c, 'x')
    await t.call(0).reject(new Error('no'))
    c.phase = 'draining'
    expect(t.worker.drop(c)).toHaveLength(1)
    expect(c.calls.running).toBe(1)
    await t.letters[0]!.fails('UNREACHABLE')
    expect(c.calls.running).toBe(0)
    t.clock.advance(100_000)
    expect(t.letters).toHaveLength(1)
    expect(committable(c.tracker)).toBe(0)
  })

  test('that is acknowledged while its partition is given up counts; after the end it counts for nothing', async () => {
    const t = workOf({ order: 'key', exhausted, retry })
    const c = t.claim()
    t.fetch(c, 'x', 'y')
    await t.call(0).reject(new Error('no'))
    await t.call(1).reject(new Error('no'))
    c.phase = 'draining'
    t.worker.drop(c)
    await t.letters[0]!.written()
    expect(committable(c.tracker)).toBe(1)
    end(c, 'revoked')
    const next = t.claim()
    next.tracker = tracker(1)
    t.fetch(next, 'y')
    expect(t.started()).toEqual([0, 1])
    await t.letters[1]!.written()
    expect(committable(c.tracker)).toBe(1)
    expect(t.started()).toEqual([0, 1, 1])
    expect(c.calls.running).toBe(0)
  })

  test('a pause between tries ends with the claim', async () => {
    const t = workOf({ exhausted, retry })
    const c = t.claim()
    t.fetch(c, 'x')
    await t.call(0).reject(new Error('no'))
    await t.letters[0]!.fails('UNREACHABLE')
    c.phase = 'draining'
    expect(t.worker.drop(c)).toEqual([])
    expect(t.clock.pending).toBe(0)
  })

  test.each([
    ['resolves', (t: ReturnType<typeof workOf>) => t.call(0).resolve()],
    ['rejects', (t: ReturnType<typeof workOf>) => t.call(0).reject(new Error('no'))],
  ])('deadLetter() of a handler that %s goes at once, whatever attempts are left', async (_, settle) => {
    const t = workOf({ exhausted })
    t.fetch(t.claim(), 'x')
    t.call(0).context.deadLetter('no such customer')
    await settle(t)
    expect(t.letters[0]!.failure).toMatchObject({ cause: 'handler', attempts: 1, why: 'no such customer' })
  })

  test('deadLetter() without a dead-letter topic is refused', () => {
    const t = workOf()
    t.fetch(t.claim(), 'x')
    expect(() => t.call(0).context.deadLetter('why')).toThrow(/has no dead-letter topic/)
  })
})

describe('a suspect of having killed a process', () => {
  /** A claim with a guard that lets offset 0 wait. */
  function suspected(settings: Partial<EachWork> = {}) {
    const t = workOf({ order: 'key', ...settings })
    const c = t.claim()
    c.guard = { isOpen: true } as Guard
    const over: string[] = []
    const admission = Promise.withResolvers<Admission | undefined>()
    t.admissions.set(0, admission)
    const admit = async (): Promise<void> => {
      t.admissions.delete(0)
      admission.resolve({ over: () => over.push('over') })
      await settled()
    }
    return { ...t, c, over, admit }
  }

  test('is called once that is on record, and others meanwhile', async () => {
    const t = suspected()
    t.fetch(t.c, 'x', 'y', 'x')
    expect(t.started()).toEqual([1])
    expect(t.worker.holdup(t.c)).toMatchObject({ offset: 0, state: 'waiting for its call to be on record' })
    await t.admit()
    expect([t.started(), t.over]).toEqual([[1, 0], []])
    await t.call(0).resolve()
    expect([t.started(), t.over]).toEqual([[1, 0, 2], ['over']])
  })

  test('has its slot while it waits', async () => {
    const t = suspected({ concurrency: 1 })
    t.fetch(t.c, 'x', 'y')
    expect(t.started()).toEqual([])
    await t.admit()
    expect(t.started()).toEqual([0])
    await t.call(0).resolve()
    expect(t.started()).toEqual([0, 1])
  })

  test('is not called if its partition was paused meanwhile, and later it is', async () => {
    const t = suspected()
    t.fetch(t.c, 'x')
    t.c.paused = true
    await t.admit()
    expect([t.started(), t.over]).toEqual([[], ['over']])
    t.c.paused = false
    t.worker.wake(t.c)
    expect(t.started()).toEqual([0])
  })

  test('is not called if its partition is being given up meanwhile', async () => {
    const t = suspected({ concurrency: 1 })
    t.fetch(t.c, 'x')
    t.c.phase = 'draining'
    expect(t.worker.drop(t.c)).toEqual([])
    await t.admit()
    expect([t.started(), t.over, t.c.calls.running]).toEqual([[], ['over'], 0])
    const next = t.claim()
    t.fetch(next, 'x')
    expect(t.started()).toEqual([0])
  })

  test.each([
    ['stop' as const, 'stop 0: TidemarkError: t-0 at offset 0 killed its process 1 times, and is not handled any more', 0],
    ['skip' as const, 'skip 0: TidemarkError: t-0 at offset 0 killed its process 1 times, and is not handled any more', 1],
  ])('that is condemned is not called: %s', (exhausted, told, committed) => {
    const t = suspected({ exhausted })
    t.admissions.clear()
    t.condemned.add(0)
    t.fetch(t.c, 'x')
    expect([t.started(), t.told, committable(t.c.tracker)]).toEqual([[], [told], committed])
  })

  test('that is condemned becomes a dead letter', async () => {
    const t = suspected({ exhausted: deadLetter('dead') })
    t.admissions.clear()
    t.condemned.add(0)
    t.fetch(t.c, 'x', 'x')
    expect(t.letters[0]).toMatchObject({ offsets: [0], failure: { cause: 'killed the process' } })
    await t.letters[0]!.written()
    expect(t.started()).toEqual([1])
  })
})
