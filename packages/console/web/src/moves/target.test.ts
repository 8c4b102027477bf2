import { expect, test } from 'vitest'
import { targetOf } from './target.ts'

const NOW_MS = Date.UTC(2026, 10, 22, 14)

test.each([
  ['start', '', { kind: 'start' }],
  ['end', 'ignored', { kind: 'end' }],
  ['offset', '0', { kind: 'offset', offset: 0 }],
  ['shift', '-100', { kind: 'shift', by: -100 }],
  ['group', 'other', { kind: 'group', group: 'other' }],
  ['bookmark', 'before-412', { kind: 'bookmark', name: 'before-412' }],
  ['time', '2026-11-22T14:00:00Z', { kind: 'time', atMs: NOW_MS }],
  ['ago', '-1h30m', { kind: 'time', atMs: NOW_MS - 5_400_000 }],
  ['ago', ' PT1H ', { kind: 'time', atMs: NOW_MS - 3_600_000 }],
] as const)('%s %j is a target', (kind, text, target) => {
  expect(targetOf({ kind, text }, NOW_MS)).toEqual(target)
})

test.each([
  ['offset', ''],
  ['offset', '-1'],
  ['offset', '1.5'],
  ['offset', '1e30'],
  ['shift', 'many'],
  ['time', 'yesterday'],
  ['ago', ''],
  ['ago', '--1h'],
  ['ago', '90'],
  ['ago', '-999999999999d'],
  ['group', ' '],
  ['bookmark', ''],
] as const)('%s %j is not one yet, and says why', (kind, text) => {
  expect(targetOf({ kind, text }, NOW_MS)).toEqual(expect.any(String))
})
