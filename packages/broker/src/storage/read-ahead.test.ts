import { expect, test } from 'vitest'
import { MemoryPool } from '../memory-pool.ts'
import { ManualClock } from '../testing/index.ts'
import { ReadAhead } from './read-ahead.ts'

const SIZE = 64 * 1024

function setUp() {
  const pool = new MemoryPool(10 * SIZE)
  const clock = new ManualClock()
  const ahead = new ReadAhead(pool, clock, 3 * SIZE)
  let reads = 0
  const begin = (position: number): void =>
    ahead.begin('log', position, SIZE, () => {
      reads++
      return pool.take(SIZE).fill(position)
    })
  return { pool, clock, ahead, begin, reads: () => reads }
}

test('what was read ahead is taken once, from the very place where it begins', async () => {
  const { ahead, begin } = setUp()
  begin(7)
  expect(ahead.take('log', 8)).toBeUndefined()
  expect(ahead.take('other', 7)).toBeUndefined()
  expect((await ahead.take('log', 7))![0]).toBe(7)
  expect(ahead.take('log', 7)).toBeUndefined()
  expect(ahead.bytes).toBe(0)
})

test('no more is read than there is room for; only what nobody came for in time makes room, and its memory is used again', async () => {
  const { pool, clock, ahead, begin, reads } = setUp()
  for (const position of [1, 2, 3, 3, 4]) begin(position)
  expect(reads()).toBe(3)
  clock.advance(600)
  void ahead.take('log', 2)
  begin(5)
  clock.advance(600)
  begin(6)
  expect([ahead.take('log', 1), ahead.take('log', 5), ahead.take('log', 6)].map((taken) => taken !== undefined)).toEqual([
    false,
    true,
    true,
  ])
  await expect.poll(() => pool.bytes).toBe(SIZE)
})

test('a read that fails is forgotten', async () => {
  const { ahead } = setUp()
  ahead.begin('log', 1, SIZE, () => {
    throw new Error('told to fail')
  })
  ahead.begin('log', 2, SIZE, () => Promise.reject(new Error('told to fail')))
  expect(await Promise.all([ahead.take('log', 1), ahead.take('log', 2)])).toEqual([undefined, undefined])
})
