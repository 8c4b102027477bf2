import { describe, expect, test } from 'vitest'
import type { Progress } from '../explain.ts'
import { ProgressWatch } from './watch.ts'

const at = (progress: Partial<Progress> = {}): Progress => ({
  topic: 't',
  partition: 0,
  position: 10,
  committed: 5,
  committable: 5,
  doneAhead: 0,
  waiting: 3,
  running: 1,
  paused: false,
  ...progress,
})

const stuckAt = (watch: ProgressWatch, nowMs: number, ...partitions: Progress[]): number[] =>
  watch.observe(nowMs, partitions).map((p) => p.partition)

describe('a partition is stuck', () => {
  test('that has work and makes no progress for so long', () => {
    const watch = new ProgressWatch(1_000)
    expect([0, 500, 999, 1_000, 1_500].map((ms) => stuckAt(watch, ms, at()))).toEqual([[], [], [], [0], [0]])
  })

  test('though others make progress', () => {
    const watch = new ProgressWatch(1_000)
    stuckAt(watch, 0, at(), at({ partition: 1 }))
    expect(stuckAt(watch, 1_000, at(), at({ partition: 1, committable: 6 }))).toEqual([0])
  })

  test.each(['position', 'committed', 'committable', 'doneAhead'] as const)('no more once its %s moves', (what) => {
    const watch = new ProgressWatch(1_000)
    stuckAt(watch, 0, at())
    expect(stuckAt(watch, 999, at({ [what]: 7 }))).toEqual([])
    expect(stuckAt(watch, 1_998, at({ [what]: 7 }))).toEqual([])
    expect(stuckAt(watch, 1_999, at({ [what]: 7 }))).toEqual([0])
  })
})

describe('a partition is not stuck', () => {
  const idle = at({ committable: 10, committed: 10, waiting: 0, running: 0 })

  test.each([
    ['that has nothing to do', idle],
    ['that a user has paused', at({ paused: true })],
    ['with nothing on record and nothing to commit', at({ committable: 10, committed: undefined, waiting: 0, running: 0 })],
  ])('%s', (_, progress) => {
    const watch = new ProgressWatch(1_000)
    expect([0, 5_000].map((ms) => stuckAt(watch, ms, progress))).toEqual([[], []])
  })

  test('right after it got work again', () => {
    const watch = new ProgressWatch(1_000)
    stuckAt(watch, 0, idle)
    expect(stuckAt(watch, 5_000, at({ position: 10, committable: 10, committed: 10, waiting: 1 }))).toEqual([])
  })

  test('right after it came back', () => {
    const watch = new ProgressWatch(1_000)
    stuckAt(watch, 0, at())
    stuckAt(watch, 500)
    expect(stuckAt(watch, 1_000, at())).toEqual([])
  })
})

test('what was done and is not committed is work', () => {
  const watch = new ProgressWatch(1_000)
  const done = at({ committable: 10, committed: 5, waiting: 0, running: 0 })
  expect([0, 1_000].map((ms) => stuckAt(watch, ms, done))).toEqual([[], [0]])
})
