import type { GroupLag } from '@tidemark/offsets'
import { expect, test } from 'vitest'
import { metricsText } from './metrics.ts'

test('labels are escaped, durations are seconds, and what is not known is left out', () => {
  const group = {
    ...{ group: 'a"b\\c\n', kind: 'classic', state: 'Empty', protocol: null, members: [], partitions: [], atMs: 0, error: null },
    ...{ lag: 5, open: null, ageMs: { value: 1_500, certainty: 'exact', reason: null }, spanMs: null, etaMs: null, runwayMs: null },
  } as GroupLag
  const lines = metricsText([group]).split('\n')
  expect(lines).toContain('tidemark_group_lag{group="a\\"b\\\\c\\n"} 5')
  expect(lines).toContain('tidemark_group_age_seconds{group="a\\"b\\\\c\\n"} 1.5')
  expect(lines.filter((line) => line.startsWith('tidemark_group_open'))).toEqual([])
})
