import type { GroupLag, PartitionLag } from '@tidemark/offsets'
import { expect, test } from 'vitest'
import { exceeded, thresholdsOf } from './thresholds.ts'

const partition = (recordError: PartitionLag['recordError']) =>
  ({ topic: 'orders', partition: 1, error: null, recordError }) as PartitionLag
const group = (ageMs: number | null, partitions: readonly PartitionLag[]): GroupLag =>
  ({
    ...{ group: 'billing', lag: 100, error: null, partitions },
    ageMs: ageMs === null ? null : { value: ageMs, certainty: 'exact', reason: null },
  }) as unknown as GroupLag
const refused = { code: 'TOPIC_AUTHORIZATION_FAILED', message: 'orders-1 cannot be read' } as const

test('a limit in time is exceeded by an age over it, and by one that cannot be known', () => {
  const limit = thresholdsOf(['5m'])
  expect(exceeded([group(299_000, [partition(null)])], limit)).toEqual([])
  expect(exceeded([group(301_000, [partition(null)])], limit)).toEqual([expect.stringContaining('over 5 min')])
  expect(exceeded([group(null, [partition(refused)])], limit)).toEqual([
    'group billing: the age of its next record is not known: orders-1 cannot be read',
  ])
  // Not measured yet is not a failure.
  expect(exceeded([group(null, [partition(null)])], limit)).toEqual([])
})

test('a limit in messages needs no records', () => {
  expect(exceeded([group(null, [partition(refused)])], thresholdsOf(['100']))).toEqual([])
  expect(exceeded([group(null, [partition(refused)])], thresholdsOf(['99']))).toEqual(['group billing: lag 100 is over 99'])
})
