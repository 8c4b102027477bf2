import type { ReceivedMessage } from '@tidemark/client'
import { expect, test } from 'vitest'
import { Pull } from './pull.ts'

const message = (offset: number) => ({ offset }) as unknown as ReceivedMessage
const offsetOf = async (result: Promise<IteratorResult<ReceivedMessage, undefined>>) => (await result).value?.offset

/** How a call of the handler has settled by now. */
function settling(call: Promise<void>): { readonly state: () => Promise<string> } {
  let state = 'open'
  call.then(
    () => {
      state = 'done'
    },
    () => {
      state = 'failed'
    },
  )
  return {
    async state() {
      await null
      await null
      return state
    },
  }
}

test('a call may run only while somebody waits for its record, or has it in hand', async () => {
  const pull = new Pull()
  let pumped = 0
  pull.attach({ pump: () => pumped++ })
  expect([pull.concurrency, pumped]).toEqual([0, 0])
  const first = pull.next()
  expect([pull.concurrency, pumped]).toEqual([1, 1])
  const call = settling(pull.handle(message(0)))
  expect([await offsetOf(first), pull.concurrency, await call.state()]).toEqual([0, 1, 'open'])
})

test('asking for the next one says that this one is done; leaving says that it is not', async () => {
  const pull = new Pull()
  const first = pull.next()
  const [done, left] = [settling(pull.handle(message(0))), pull.next()]
  expect([await offsetOf(first), await done.state()]).toEqual([0, 'done'])
  const call = settling(pull.handle(message(1)))
  expect(await offsetOf(left)).toBe(1)
  pull.leave()
  expect([await call.state(), pull.concurrency]).toEqual(['failed', 0])
})

test('two that ask at once get a record each, and the first is done', async () => {
  const pull = new Pull()
  const both = [pull.next(), pull.next()]
  const first = settling(pull.handle(message(0)))
  const second = settling(pull.handle(message(1)))
  expect(await Promise.all(both.map(offsetOf))).toEqual([0, 1])
  expect([await first.state(), await second.state()]).toEqual(['done', 'open'])
})

test('the end is told to everybody who waits, its error once', async () => {
  const pull = new Pull()
  const [first, second] = [pull.next(), pull.next()]
  pull.end(new Error('mine'))
  await expect(first).rejects.toThrow('mine')
  expect(await second).toEqual({ value: undefined, done: true })
  expect(await pull.next()).toEqual({ value: undefined, done: true })
  const other = new Pull()
  other.end(new Error('mine'))
  await expect(other.next()).rejects.toThrow('mine')
  expect(await other.next()).toEqual({ value: undefined, done: true })
})
