/** A record that kills its process: real processes, killed by their handlers. More of them: `poison.long.test.ts`. */
import { describe, expect, test } from 'vitest'
import { createConsumer } from './index.ts'
import { PoisonedLives } from './testing/poisoned-lives.case.ts'

const lives = new PoisonedLives()

describe.each(['key', 'batches'])('%s', (kind) => {
  test('a record that kills its process is a dead letter after three deaths, everything else is done, and then all is calm', () =>
    lives.expectDeadLetterAfterThreeDeaths(kind))
})

test('with two deaths, suspects are called one by one at once', async () => {
  await lives.produce('killer')
  const lived = await lives.all('none', '2', 'dead')
  expect(lived.map(({ signal, code }) => signal ?? code)).toEqual(['SIGKILL', 'SIGKILL', 0])
  expect((await lives.deadLetters()).map((m) => m.value!.toString())).toEqual(['killer'])
})

test('stop: the process ends by itself, with the reason, instead of being killed again', async () => {
  await lives.produce('killer')
  const lived = await lives.all('key', '3', 'stop')
  expect(lived.at(-1)).toMatchObject({ code: 1, stderr: /HANDLER_FAILED KILLED_PROCESS/ })
  expect(await lives.one('key', '3', 'stop')).toMatchObject({ code: 1, stderr: /HANDLER_FAILED KILLED_PROCESS/ })
  expect(await lives.one('key', '3', 'skip')).toMatchObject({ code: 0 })
})

test('poison needs commits that say what had begun', () => {
  const consumer = (commit: object) => createConsumer(lives.kafka, { group: 'g', commit }).each('t', { poison: {} }, () => {})
  expect(() => consumer({ mode: 'manual' })).toThrow(/option 'poison' needs commits of the mode 'processed'/)
  expect(() => consumer({ mode: 'delivered' })).toThrow(/option 'poison' needs/)
  expect(() => consumer({ completionMap: false })).toThrow(/option 'poison' needs/)
  expect(() => createConsumer(lives.kafka, { group: 'g' }).each('t', { poison: { deathsMax: 1 } }, () => {})).toThrow(/poison.deathsMax/)
})
