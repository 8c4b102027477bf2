import { readBatchHeader } from '@tidemark/protocol'
import { expect, test } from 'vitest'
import { batchOf } from '../testing/index.ts'
import { append, logContract } from './log.case.ts'
import { MemoryBudget, MemoryLog } from './memory-log.ts'

logContract('a log in memory', async (limits) => {
  let count = 0
  return { log: new MemoryLog(new MemoryBudget(1e9), limits, { onCheckpoint: () => count++ }), checkpoints: () => count }
})

const open = (budget: MemoryBudget): MemoryLog => new MemoryLog(budget, { segmentBytesMax: 200 }, { onCheckpoint() {} })

test('memory beyond the limit is refused with a message that says what to do, and nothing is written', async () => {
  const log = open(new MemoryBudget(1000))
  await append(log)
  const batch = batchOf({ values: ['x'.repeat(1000)] })
  expect(() => log.append(batch, readBatchHeader(batch))).toThrow(
    expect.objectContaining({ code: 'MEMORY_FULL', message: expect.stringMatching(/memoryBytesMax/) }),
  )
  expect(log.end).toBe(1)
})

test("the broker's own logs have an eighth more, so that groups go on where topics are refused", () => {
  const budget = new MemoryBudget(8000)
  budget.take(8000, false)
  expect(() => budget.take(1, false)).toThrow(/memoryBytesMax/)
  budget.take(1000, true)
  expect(() => budget.take(1, true)).toThrow(/memoryBytesMax/)
})

test('what is trimmed and dropped is free again', async () => {
  const budget = new MemoryBudget(1e6)
  const log = open(budget)
  for (let i = 0; i < 10; i++) await append(log)
  const full = budget.used
  log.trim(8)
  expect(budget.used).toBeLessThan(full / 2)
  log.drop()
  expect(budget.used).toBe(0)
})
