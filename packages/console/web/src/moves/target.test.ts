import { expect, test } from 'vitest'
import { targetOf } from './target.ts'

test.each([
  ['start', '', { kind: 'start' }],
  ['end', 'ignored', { kind: 'end' }],
  ['offset', '0', { kind: 'offset', offset: 0 }],
  ['shift', '-100', { kind: 'shift', by: -100 }],
  ['group', 'other', { kind: 'group', group: 'other' }],
  ['bookmark', 'before-412', { kind: 'bookmark', name: 'before-412' }],
  ['time', '2026-11-22T14:00:00Z', { kind: 'time', atMs: Date.UTC(2026, 10, 22, 14) }],
] as const)('%s %j is a target', (kind, text, target) => {
  expect(targetOf({ kind, text })).toEqual(target)
})

test.each([
  ['offset', ''],
  ['offset', '-1'],
  ['offset', '1.5'],
  ['offset', '1e30'],
  ['shift', 'many'],
  ['time', 'yesterday'],
  ['group', ' '],
  ['bookmark', ''],
] as const)('%s %j is not one yet, and says why', (kind, text) => {
  expect(targetOf({ kind, text })).toEqual(expect.any(String))
})
