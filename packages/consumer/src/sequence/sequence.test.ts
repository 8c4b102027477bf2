import type { ReceivedMessage } from '@tidemark/client'
import { ManualClock } from '@tidemark/platform/testing'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Context } from '../work/context.ts'
import { type SequenceOptions, type SequenceProblem, sequenceOn } from './sequence.ts'

const turn = async (): Promise<void> => {
  for (let i = 0; i < 30; i++) await null
}

function start(options: Partial<SequenceOptions> = {}, { slots = 100, exhausted = 'skip' as 'skip' | 'stop' } = {}) {
  const clock = new ManualClock()
  const handled: string[] = []
  const problems: string[] = []
  const t = { failing: new Set<string>(), during: (_: string): Promise<void> => Promise.resolve() }
  const report = (p: SequenceProblem): void => {
    const at = p.kind === 'gap' ? `${p.key}${p.from}-${p.to} ${p.because}` : `${p.key}${p.number}`
    problems.push(`${p.kind} ${at}`)
  }
  const settings: SequenceOptions = {
    key: (m) => m.value!.toString().slice(0, 1),
    number: (m) => Number(m.value!.toString().slice(1)),
    report,
    window: 3,
    waitMaxMs: 1_000,
    ...options,
  }
  const handler = sequenceOn(clock, settings, async (message) => {
    const value = message.value!.toString()
    await t.during(value)
    if (t.failing.delete(value)) throw new Error('no')
    handled.push(value)
  })
  handler.prepare({ concurrency: slots, exhausted })
  /** Calls the handler as the runtime would. */
  const come = (value: string, attempt = 1, signal = new AbortController().signal, words: object = {}): Promise<string> => {
    const context = { id: value, attempt, attemptsMax: 3, signal, ...words } as Context
    const result = handler(
      { value: Buffer.from(value), topic: 't', partition: 0, offset: 0 } as unknown as ReceivedMessage,
      context,
    ) as Promise<void>
    return result.then(
      () => 'done',
      (error) => String(error?.code ?? error?.message ?? error),
    )
  }
  return Object.assign(t, { clock, handled, problems, come })
}

describe('sequence', () => {
  test('what comes in order is handled in order, and nothing is reported', async () => {
    const t = start()
    await Promise.all(['a1', 'b7', 'a2', 'a3', 'b8'].map((v) => t.come(v)))
    expect([t.handled.filter((v) => v.startsWith('a')), t.problems]).toEqual([['a1', 'a2', 'a3'], []])
  })

  test('a record that comes early is held back, and is not done, until its predecessor is', async () => {
    const t = start()
    await t.come('a1')
    let isDone = false
    const early = t.come('a3').then((how) => {
      isDone = true
      return how
    })
    await turn()
    expect([isDone, t.problems]).toEqual([false, ['early a3']])
    await t.come('a2')
    expect([await early, t.handled]).toEqual(['done', ['a1', 'a2', 'a3']])
  })

  test('a duplicate is done without a call, also while the first is being handled', async () => {
    const t = start()
    const first = Promise.withResolvers<void>()
    t.during = () => first.promise
    const both = [t.come('a1'), t.come('a1')]
    await turn()
    first.resolve()
    expect(await Promise.all(both)).toEqual(['done', 'done'])
    await t.come('a1')
    expect([t.handled, t.problems]).toEqual([['a1'], ['duplicate a1', 'duplicate a1']])
  })

  test('a gap is given up after the time, the window, or for want of slots; what comes after all is handled late', async () => {
    const t = start()
    await t.come('a1')
    const timed = t.come('a3')
    await turn()
    t.clock.advance(1_000)
    expect(await timed).toBe('done')
    const window = ['a5', 'a6', 'a7', 'a8'].map((v) => t.come(v))
    await Promise.all(window)
    await t.come('a4')
    await t.come('a4')
    expect(t.handled).toEqual(['a1', 'a3', 'a5', 'a6', 'a7', 'a8', 'a4'])
    const reported = ['early a3', 'gap a2-2 time', 'early a5', 'gap a4-4 window', 'late a4', 'duplicate a4']
    expect(t.problems).toEqual(reported)

    const few = start({}, { slots: 3 })
    await few.come('a1')
    await few.come('b1')
    const held = ['a3', 'b3', 'b4'].map((v) => few.come(v))
    await turn()
    expect(few.problems.at(-1)).toBe('gap a2-2 slots')
    few.clock.advance(1_000)
    expect(await Promise.all(held)).toEqual(['done', 'done', 'done'])
  })

  test('successors wait for a record that is tried again, however long that takes', async () => {
    const t = start()
    t.failing.add('a1')
    expect(await t.come('a1')).toBe('no')
    const second = t.come('a2')
    await turn()
    t.clock.advance(60_000)
    await turn()
    expect(t.handled).toEqual([])
    expect(await t.come('a1', 2)).toBe('done')
    expect([await second, t.handled]).toEqual(['done', ['a1', 'a2']])
  })

  test('they go on when it was skipped, and do not when its partition stops', async () => {
    for (const exhausted of ['skip', 'stop'] as const) {
      const t = start({}, { exhausted })
      t.failing.add('a1')
      await t.come('a1', 3)
      void t.come('a2')
      await turn()
      expect(t.handled).toEqual(exhausted === 'skip' ? ['a2'] : [])
    }
  })

  test('a record that is held back is let go when its partition is', async () => {
    const t = start()
    await t.come('a1')
    const ending = new AbortController()
    const held = t.come('a3', 1, ending.signal)
    await turn()
    ending.abort('revoked')
    expect(await held).toBe('revoked')
    expect(t.clock.pending).toBe(0)
  })

  test('begins after the number that is kept elsewhere', async () => {
    const t = start({ last: async (key) => (key === 'a' ? 4 : undefined) })
    await Promise.all(['a4', 'a6', 'a5', 'b9'].map((v) => t.come(v)))
    expect(t.handled.filter((v) => v.startsWith('a'))).toEqual(['a5', 'a6'])
    expect(t.problems).toEqual(['duplicate a4', 'early a6'])
  })

  test('refuses numbers that are not whole, and options that it does not have', async () => {
    expect(await start().come('ax')).toBe('INVALID_MESSAGE')
    expect(() => start({ windows: 1 } as object)).toThrow(/did you mean 'window'/)
  })

  test('whatever the disorder within the window: every number once, in order', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat(3), { minLength: 1, maxLength: 60 }), async (jumps) => {
        // No record is more than three places away from its own.
        const order = jumps.map((jump, i) => ({ i: i + 1, at: i + jump })).sort((a, b) => a.at - b.at || a.i - b.i)
        const t = start({ window: 8, last: () => 0 })
        await Promise.all(order.map(({ i }) => t.come(`a${i}`)))
        expect(t.handled).toEqual(jumps.map((_, i) => `a${i + 1}`))
        expect(t.problems.filter((p) => !p.startsWith('early'))).toEqual([])
      }),
      { numRuns: 100 },
    )
  })

  test.each([{ skipped: { why: 'unwanted' } }, { deadLettered: { why: 'unwanted' } }, { isCommitted: true }])(
    'a record that fails and is over in spite of it does not hold its successors back: %j',
    async (words) => {
      const t = start({}, { exhausted: 'stop' })
      t.failing.add('a1')
      const first = t.come('a1', 1, undefined, words)
      const second = t.come('a2')
      expect([await first, await second, t.handled]).toEqual(['no', 'done', ['a2']])
    },
  )

  test('a report that throws fails the record that it is about, when that goes on, and no timer', async () => {
    const t = start({
      report: ({ kind }) => {
        if (kind === 'gap') throw new Error(`report of a ${kind}`)
      },
    })
    await t.come('a1')
    const early = t.come('a3')
    await turn()
    await t.clock.advance(1_000)
    expect(await early).toBe('report of a gap')
    expect([await t.come('a3', 2), await t.come('a4'), t.handled]).toEqual(['done', 'done', ['a1', 'a3', 'a4']])
  })

  test('what comes when its call is over already waits for nothing, and leaves no timer', async () => {
    const t = start()
    await t.come('a1')
    expect([await t.come('a3', 1, AbortSignal.abort('revoked')), t.problems]).toEqual(['revoked', []])
    await t.clock.advance(1_000)
    expect(await t.come('a2')).toBe('done')
    expect([t.handled, t.problems]).toEqual([['a1', 'a2'], []])
  })

  test.each([Number.NaN, '7', null, 1.5, -1.5])('a last() that returns %s, and a key that is not text, are refused', async (last) => {
    expect(await start({ last: () => last as number }).come('a1')).toBe('INVALID_ARGUMENT')
    expect(await start({ key: () => last as unknown as string }).come('a1')).toBe(last === '7' ? 'done' : 'INVALID_MESSAGE')
  })
})
