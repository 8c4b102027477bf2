import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { PartitionView, TimeScale } from '../../../src/shapes.ts'
import { scaleOf, timeOf } from './scale.ts'

const position = (start: number, committed: number | null, end: number): PartitionView => ({ start, committed, end }) as PartitionView
const timeScale = (points: TimeScale['points']): TimeScale => ({ topic: 't', partition: 0, points, retentionMs: null, dueOffset: null })

describe('by offset', () => {
  test('the whole log reaches from its start to its end', () => {
    const scale = scaleOf(position(100, 600, 1_100), 'whole', 'offset', undefined, null)!
    expect([scale.from, scale.to, scale.place(100), scale.place(600), scale.place(1_100)]).toEqual([100, 1_100, 0, 0.5, 1])
  })

  test('around the group shows what is behind the end and half as much more before it', () => {
    const scale = scaleOf(position(0, 9_000, 10_000), 'near', 'offset', undefined, null)!
    expect([scale.from, scale.to]).toEqual([7_500, 10_000])
    expect(scale.place(0)).toBe(0)
  })

  test('an offset that has to be seen is on it', () => {
    const scale = scaleOf(position(0, 9_000, 10_000), 'near', 'offset', undefined, 4_000)!
    expect(scale.place(4_000)).toBeGreaterThan(0)
  })

  test('a log that cannot be read has no scale; one without records has one', () => {
    expect(scaleOf(position(null as never, 5, null as never), 'whole', 'offset', undefined, null)).toBeNull()
    expect(scaleOf(position(7, 7, 7), 'near', 'offset', undefined, null)!.place(7)).toBe(0)
  })
})

describe('by time', () => {
  const times = timeScale([
    { offset: 0, atMs: 0 },
    { offset: 10, atMs: 1_000 },
    { offset: 1_010, atMs: 2_000 },
  ])

  test('a slow stretch and a busy one of the same time are as wide', () => {
    const scale = scaleOf(position(0, 10, 1_010), 'whole', 'time', times, null)!
    expect([scale.place(10), scale.place(510)]).toEqual([0.5, 0.75])
    expect([scale.offsetAt(0.5), scale.offsetAt(0.75)]).toEqual([10, 510])
  })

  test('without times it is by offset', () => {
    expect(scaleOf(position(0, 10, 20), 'whole', 'time', undefined, null)!.place(10)).toBe(0.5)
  })

  test('what lies outside of the points has the time of the nearest', () => {
    expect([timeOf(times.points, -5), timeOf(times.points, 5_000)]).toEqual([0, 2_000])
  })
})

test('a place and the offset at it agree, in every scale', () => {
  const numbers = fc.record({
    start: fc.nat(1_000_000),
    length: fc.integer({ min: 1, max: 1_000_000 }),
    share: fc.double({ min: 0, max: 1, noNaN: true }),
    range: fc.constantFrom('whole' as const, 'near' as const),
    stepsMs: fc.array(fc.nat(100_000), { minLength: 1, maxLength: 16 }),
    unit: fc.constantFrom('offset' as const, 'time' as const),
  })
  fc.assert(
    fc.property(numbers, ({ start, length, share, range, stepsMs, unit }) => {
      const end = start + length
      let atMs = 0
      const points = stepsMs.map((stepMs, i) => ({ offset: start + Math.round((length * i) / stepsMs.length), atMs: (atMs += stepMs) }))
      const times = timeScale([...points, { offset: end, atMs: atMs + 1 }])
      const committed = Math.round(start + length * share)
      const scale = scaleOf(position(start, committed, end), range, unit, times, null)!
      for (const offset of [scale.from, committed, scale.to]) {
        const place = scale.place(offset)
        expect(place).toBeGreaterThanOrEqual(0)
        expect(place).toBeLessThanOrEqual(1)
        const back = scale.offsetAt(place)
        expect(back).toBeGreaterThanOrEqual(scale.from)
        expect(back).toBeLessThanOrEqual(scale.to)
        expect(scale.place(back)).toBeCloseTo(place, 4)
      }
    }),
  )
})
