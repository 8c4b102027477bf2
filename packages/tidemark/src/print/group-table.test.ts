import { writeCompletionMap } from '@tidemark/client/internal'
import type { GroupPosition, Owner } from '@tidemark/offsets'
import { expect, test } from 'vitest'
import { columnsFor, doneAhead, rowOf } from './group-table.ts'

const owner = (memberId: string, clientId: string): Owner => ({ memberId, clientId, host: '/10.0.0.1' })
const position: GroupPosition = {
  topic: 'orders',
  partition: 0,
  committed: 10,
  start: 0,
  end: 30,
  lag: 20,
  metadata: '',
  owner: owner('m1', 'billing'),
  error: null,
}
const map = writeCompletionMap(
  { topicId: 'AAAAAAAAAAAAAAAAAAAAAA', base: 10, top: 20, open: [10, 15], leaderEpoch: 0, notes: [], holder: undefined },
  4096,
)

test('records above the committed offset that are done are counted, if the map belongs to that offset', () => {
  expect(doneAhead({ ...position, metadata: map })).toBe(8)
  expect(doneAhead({ ...position, metadata: map, committed: 9 })).toBe(0)
  expect(doneAhead({ ...position, metadata: "another program's" })).toBe(0)
  expect(doneAhead({ ...position, metadata: null })).toBe(0)
})

test('columns that most groups do not need appear where a row has something to say', () => {
  expect(Object.keys(columnsFor([{ ...position, doneAhead: 0 }]))).toEqual(['topic', 'partition', 'committed', 'end', 'lag', 'owner'])
  const error = { code: 'UNKNOWN_TOPIC', message: 'deleted' } as const
  expect(Object.keys(columnsFor([{ ...position, error, doneAhead: 8 }]))).toEqual([
    'topic',
    'partition',
    'committed',
    'end',
    'lag',
    'doneAhead',
    'owner',
    'error',
  ])
})

test('an owner is named by client and host, and by its member id where that is ambiguous', () => {
  const row = { ...position, doneAhead: 0 }
  expect(rowOf(row, [owner('m1', 'billing'), owner('m2', 'other')]).owner).toBe('billing 10.0.0.1')
  expect(rowOf(row, [owner('m1', 'billing'), owner('m2', 'billing')]).owner).toBe('billing 10.0.0.1 m1')
})
