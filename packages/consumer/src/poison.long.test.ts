/** Records that kill their process, in the other orders, and several of them side by side. */
import { describe, expect, test } from 'vitest'
import { fine, PoisonedLives } from './testing/poisoned-lives.case.ts'

const lives = new PoisonedLives()

describe.each(['partition', 'none'])('%s', (kind) => {
  test('a record that kills its process is a dead letter after three deaths, everything else is done, and then all is calm', () =>
    lives.expectDeadLetterAfterThreeDeaths(kind))
})

test('three of them, side by side: each is found, and nobody else is blamed', async () => {
  await lives.produce('killer-a', 'killer-b', 'killer-c')
  const lived = await lives.all('key', '3', 'dead')
  expect(lived.at(-1)!.code).toBe(0)
  // A dead letter may be there twice: another killer ends the process before the first one's is on record as done.
  expect(new Set((await lives.deadLetters()).map((m) => m.value!.toString()))).toEqual(new Set(['killer-a', 'killer-b', 'killer-c']))
  expect(new Set(lived.flatMap((life) => life.handled))).toEqual(new Set(fine))
})
