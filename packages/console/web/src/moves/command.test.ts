import { expect, test } from 'vitest'
import type { MovePlan, MoveTarget, MoveWish } from '../../../src/shapes.ts'
import { planCommand } from './command.ts'

const plan = (target: MoveTarget, more: Partial<MoveWish> = {}): MovePlan =>
  ({ id: '0123456789abcdef', wish: { group: 'billing', scope: 'all', target, ...more } }) as MovePlan

test.each([
  [plan({ kind: 'start' }), 'tidemark offsets move billing --to start -b x:1'],
  [plan({ kind: 'shift', by: 5 }), 'tidemark offsets move billing --to +5 -b x:1'],
  [plan({ kind: 'shift', by: -200 }), "tidemark offsets move billing --to '-200' -b x:1"],
  [plan({ kind: 'time', atMs: 0 }), 'tidemark offsets move billing --to @1970-01-01T00:00:00.000Z -b x:1'],
  [plan({ kind: 'group', group: "o'neil" }, { group: 'a b' }), "tidemark offsets move 'a b' --to 'group:o'\\''neil' -b x:1"],
  [
    plan(
      { kind: 'offset', offset: 7 },
      {
        scope: [
          { topic: 'orders', partitions: [0, 2] },
          { topic: 'refunds', partitions: 'all' },
        ],
      },
    ),
    'tidemark offsets move billing --topic orders:0,2 --topic refunds --to 7 -b x:1',
  ],
  [plan({ kind: 'places', places: [], undoes: '2026-1f' }), 'tidemark offsets undo 2026-1f -b x:1'],
  [plan({ kind: 'list', offsets: [] }), 'tidemark offsets apply plan-01234567.json -b x:1'],
])('%#', (it, command) => {
  expect(planCommand(it, ' -b x:1')).toBe(command)
})
