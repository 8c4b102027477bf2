import { expect, test } from 'vitest'
import { settingsOf } from '../../state/configs/topic-configs.ts'
import { ManualClock } from '../../testing/index.ts'
import type { Partition } from '../partition.ts'
import { compact } from './compaction.ts'

const SETTINGS = settingsOf({ configs: [{ name: 'cleanup.policy', value: 'compact' }] }, () => '0')

test('a sealed segment whose last append is not finished is neither read nor rewritten', async () => {
  const asked: string[] = []
  const partition = {
    log: {
      segments: () => [0, 4, 9, 17].map((baseOffset) => ({ baseOffset, bytes: 1000, maxTimestampMs: 0 })),
      read: (from: number, upTo: number) => {
        asked.push(`read ${from} to ${upTo}`)
        return []
      },
      rewrite: async (upTo: number) => void asked.push(`rewrite to ${upTo}`),
    },
    compactedTo: 0,
    highWatermark: 16,
    deleted: false,
    state: async () => ({ producers: { entries: () => [] } }),
    checkpoint: () => {},
    compacted: (to: number) => asked.push(`compacted to ${to}`),
  }
  const tools = { clock: new ManualClock(), memoryBytesMax: 1024, release: () => {}, goesOn: async () => true }
  await compact(partition as unknown as Partition, SETTINGS, tools)
  expect(asked).toEqual(['read 0 to 9', 'rewrite to 9', 'compacted to 9'])
})
