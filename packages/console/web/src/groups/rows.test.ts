import { expect, test } from 'vitest'
import type { GroupRow } from '../../../src/shapes.ts'
import { applyChanges, sorted } from './rows.ts'

const exact = (value: number) => ({ value, certainty: 'exact', reason: null }) as const
const row = (group: string, more: Partial<GroupRow> = {}): GroupRow =>
  ({ group, open: 0, ageMs: null, etaMs: null, runwayMs: null, skew: null, unreadable: 0, state: 'Empty', ...more }) as GroupRow
const names = (rows: GroupRow[], key: Parameters<typeof sorted>[1]): string =>
  sorted(rows, key)
    .map((r) => r.group)
    .join(' ')

test('the worst is what cannot be read, then what is deleted within a day, then what waits longest, then what is most', () => {
  const rows = [
    row('idle'),
    row('most', { open: 900 }),
    row('oldest', { open: 1, ageMs: exact(50_000) }),
    row('soon', { open: 1, runwayMs: exact(3_600_000) }),
    row('sooner', { open: 1, runwayMs: exact(60_000) }),
    row('blind', { unreadable: 1 }),
  ]
  expect(names(rows, 'worst')).toBe('blind sooner soon oldest most idle')
  expect(
    sorted(rows, 'worst', (group) => group === 'idle')
      .map((r) => r.group)
      .slice(0, 2),
  ).toEqual(['blind', 'idle'])
  expect(names(rows, 'group')).toBe('blind idle most oldest soon sooner')
  expect(names(rows, 'runway')).toBe('sooner soon blind idle most oldest')
  expect(names(rows, 'open').startsWith('most')).toBe(true)
})

test('changes are put into the rows, and rows that are gone are taken out', () => {
  const first = applyChanges(undefined, { kind: 'groups', whole: true, rows: [row('a'), row('b')], gone: [], atMs: 0 })
  const second = applyChanges(first, { kind: 'groups', whole: false, rows: [row('a', { open: 7 })], gone: ['b'], atMs: 0 })
  expect([...second.values()].map((r) => [r.group, r.open])).toEqual([['a', 7]])
  expect(applyChanges(second, { kind: 'groups', whole: false, rows: [], gone: [], atMs: 0 })).toBe(second)
})
