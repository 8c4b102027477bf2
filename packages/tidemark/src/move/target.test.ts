import { describe, expect, test } from 'vitest'
import { parseScope } from './scope.ts'
import { parseTarget, targetOf } from './target.ts'

const NOW_MS = Date.UTC(2026, 10, 22, 14)

describe('a target', () => {
  test.each<[string, object]>([
    ['start', { kind: 'start' }],
    ['earliest', { kind: 'start' }],
    ['newest', { kind: 'end' }],
    ['current', { kind: 'current' }],
    ['17', { kind: 'offset', offset: 17 }],
    ['+5', { kind: 'shift', by: 5 }],
    ['-5', { kind: 'shift', by: -5 }],
    ['@-1h', { kind: 'time', atMs: NOW_MS - 3_600_000 }],
    ['@2026-11-22T14:00Z', { kind: 'time', atMs: NOW_MS }],
    ['group:a:b', { kind: 'group', group: 'a:b' }],
    ['bookmark:before deploy', { kind: 'bookmark', name: 'before deploy' }],
  ])('%s', (text, target) => expect(parseTarget('--to', text, NOW_MS)).toEqual(target))

  test.each(['', 'soon', 'group:', '+', '1.5', '@', '0x10', '9007199254740993', '+9007199254740993'])("'%s' is refused", (text) => {
    expect(() => parseTarget('--to', text, NOW_MS)).toThrow(expect.objectContaining({ code: 'USAGE' }))
  })

  test.each<[object, object | undefined]>([
    [{ toEarliest: true }, { kind: 'start' }],
    [{ toLatest: true }, { kind: 'end' }],
    [{ toCurrent: true }, { kind: 'current' }],
    [{ toOffset: '5' }, { kind: 'offset', offset: 5 }],
    [{ toDatetime: '2026-11-22T14:00:00.000' }, { kind: 'time', atMs: NOW_MS }],
    [{ byDuration: 'PT1H' }, { kind: 'time', atMs: NOW_MS - 3_600_000 }],
    [{ shiftBy: '-3' }, { kind: 'shift', by: -3 }],
    [{}, undefined],
  ])("Kafka's flags %j", (options, target) => expect(targetOf(options, NOW_MS)).toEqual(target))

  test.each([{ to: 'start', toLatest: true }, { shiftBy: 'x' }, { byDuration: 'an hour' }, { toOffset: '1.5' }])(
    '%j is refused',
    (options) => {
      expect(() => targetOf(options, NOW_MS)).toThrow(expect.objectContaining({ code: 'USAGE' }))
    },
  )
})

describe('a scope', () => {
  test.each<[string, object[]]>([
    ['orders', [{ topic: 'orders', partitions: 'all' }]],
    ['orders:0,1,2', [{ topic: 'orders', partitions: [0, 1, 2] }]],
    ['orders:0-3', [{ topic: 'orders', partitions: [0, 1, 2] }]],
    ['orders:-2', [{ topic: 'orders', partitions: [0, 1] }]],
    ['orders:5-', [{ topic: 'orders', partitions: { from: 5 } }]],
    [
      'orders:1,5-',
      [
        { topic: 'orders', partitions: [1] },
        { topic: 'orders', partitions: { from: 5 } },
      ],
    ],
  ])('%s', (text, scope) => expect(parseScope(text)).toEqual(scope))

  test.each(['', ':1', 'orders:', 'orders:x', 'orders:-', 'orders:3-3', 'orders:3-1', 'orders:0-9999999999', 'orders:1,,2'])(
    "'%s' is refused",
    (text) => {
      expect(() => parseScope(text)).toThrow(expect.objectContaining({ code: 'USAGE' }))
    },
  )
})
