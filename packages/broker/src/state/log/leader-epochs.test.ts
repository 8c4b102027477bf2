import { expect, test } from 'vitest'
import { LeaderEpochs } from './leader-epochs.ts'

function epochs(...starts: [number, number][]): LeaderEpochs {
  const made = new LeaderEpochs()
  for (const [epoch, startOffset] of starts) made.add(epoch, startOffset)
  return made
}

test('the end of an epoch is where the next one begins; of the current one, the end of the log (trap 30)', () => {
  const made = epochs([0, 0], [2, 10], [5, 30])
  expect(made.endOf(0, 5, 42)).toEqual({ epoch: 0, endOffset: 10 })
  expect(made.endOf(2, 5, 42)).toEqual({ epoch: 2, endOffset: 30 })
  expect(made.endOf(5, 5, 42)).toEqual({ epoch: 5, endOffset: 42 })
})

test('an epoch in which nothing was written is answered with the one before it', () => {
  const made = epochs([0, 0], [2, 10], [5, 30])
  expect(made.endOf(1, 5, 42)).toEqual({ epoch: 0, endOffset: 10 })
  expect(made.endOf(4, 5, 42)).toEqual({ epoch: 2, endOffset: 30 })
})

test('the current epoch begins at the end of the log until something is written in it', () => {
  expect(epochs([0, 0]).endOf(0, 3, 10)).toEqual({ epoch: 0, endOffset: 10 })
  expect(epochs([0, 0]).endOf(3, 3, 10)).toEqual({ epoch: 3, endOffset: 10 })
})

test('an epoch that is not known yet, and none, are unknown', () => {
  expect(epochs([0, 0]).endOf(7, 3, 10)).toEqual({ epoch: -1, endOffset: -1 })
  expect(epochs([0, 0]).endOf(-1, 3, 10)).toEqual({ epoch: -1, endOffset: -1 })
})

test('an epoch is added once, and never an older one', () => {
  const made = epochs([1, 0])
  expect(made.add(1, 5)).toBe(false)
  expect(made.add(0, 5)).toBe(false)
  expect(made.add(2, 5)).toBe(true)
  expect(made.epochAt(4)).toBe(1)
  expect(made.epochAt(5)).toBe(2)
})
