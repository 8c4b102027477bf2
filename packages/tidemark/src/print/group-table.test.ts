import type { GroupPosition, Owner } from '@tidemark/offsets'
import { expect, test } from 'vitest'
import { positionColumns, positionRows } from './group-table.ts'

const owner = (memberId: string, clientId: string): Owner => ({ memberId, clientId, host: '/10.0.0.1' })
const position: GroupPosition = {
  topic: 'orders',
  partition: 0,
  topicId: null,
  committed: 10,
  leaderEpoch: 0,
  metadata: '',
  start: 0,
  stable: 30,
  end: 30,
  lag: 20,
  doneAbove: 0,
  open: 20,
  reason: null,
  owner: owner('m1', 'billing'),
  error: null,
}

test('columns that most groups do not need appear where a row has something to say', () => {
  const usual = ['topic', 'partition', 'committed', 'end', 'lag', 'owner']
  expect(Object.keys(positionColumns([position]))).toEqual(usual)
  const error = { code: 'UNKNOWN_TOPIC', message: 'deleted' } as const
  expect(Object.keys(positionColumns([{ ...position, error, doneAbove: 8 }]))).toEqual([
    ...usual.slice(0, 5),
    'doneAbove',
    'open',
    'owner',
    'error',
  ])
  expect(Object.keys(positionColumns([{ ...position, reason: 'beyond-end' }]))).toEqual([...usual, 'note'])
})

test.each([
  [{ reason: 'below-start', committed: 5, start: 12 }, '7 records were deleted unread'],
  [{ reason: 'beyond-end', committed: 40 }, 'committed 10 beyond the end'],
  [{ reason: 'nothing-committed', committed: null }, 'nothing is committed'],
  [{}, null],
] as const)('%o is noted as %s', (changed, note) => {
  expect(positionRows([{ ...position, ...changed }], [])[0]!.note).toBe(note)
})

test('an owner is named by client and host, and by its member id where that is ambiguous', () => {
  expect(positionRows([position], [owner('m1', 'billing'), owner('m2', 'other')])[0]!.owner).toBe('billing 10.0.0.1')
  expect(positionRows([position], [owner('m1', 'billing'), owner('m2', 'billing')])[0]!.owner).toBe('billing 10.0.0.1 m1')
})
