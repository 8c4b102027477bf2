import { expect, test } from 'vitest'
import { totals } from './group-lag.ts'
import type { Measured, PartitionLag } from './measure.ts'

const exact = (value: number): Measured => ({ value, certainty: 'exact', reason: null })

function partition(lag: number | null, ageMs: number | null): PartitionLag {
  const age = ageMs === null ? null : exact(ageMs)
  return { lag, open: lag, ageMs: age, spanMs: age, etaMs: null, runwayMs: null } as PartitionLag
}

test('the age of a group is that of its oldest record', () => {
  expect(totals([partition(0, 0), partition(5, 70), partition(5, 90)])).toMatchObject({ lag: 10, ageMs: exact(90), spanMs: exact(90) })
  expect(totals([partition(0, 0)])).toMatchObject({ lag: 0, ageMs: exact(0) })
  expect(totals([])).toMatchObject({ lag: null, ageMs: null })
})

test('a partition that has caught up does not stand for one whose records could not be looked at', () => {
  expect(totals([partition(0, 0), partition(100, null)])).toMatchObject({ lag: 100, ageMs: null, spanMs: null })
})

test('of an age that is known in part it is said so', () => {
  const { ageMs } = totals([partition(5, 70), partition(100, null), partition(null, null)])
  expect(ageMs).toEqual({ value: 70, certainty: 'estimated', reason: 'of 1 of 2 partitions that lag it is not known, and may be more' })
})
