import type { Kafka, Producer, ReceivedMessage } from '@tidemark/client'
import { expect, test } from 'vitest'
import type { Claim } from '../claims/claim.ts'
import { deadLetter } from './dead-letter.ts'
import { DeadLetters } from './dead-letters.ts'

const claim = { topicId: 'id', partition: 0, isDead: false } as Claim
const message = (offset: number) =>
  ({ topic: 't', partition: 0, offset, timestampMs: 0, key: null, value: null, headers: [] }) as unknown as ReceivedMessage

test('64 writes are under way at most, and those that wait follow in their order', async () => {
  const sends: { readonly offset: string; end(): void }[] = []
  const producer = {
    send: (_: string, { headers }: { headers: readonly { key: string; value: string }[] }) =>
      new Promise<object>((resolve) => {
        sends.push({ offset: headers.find((h) => h.key === 'tidemark-origin-offset')!.value, end: () => resolve({}) })
      }),
  } as unknown as Producer
  const letters = new DeadLetters({} as Kafka, 'g')
  const failure = { cause: 'exhausted', attempts: 1, why: new Error('no') } as const
  const policy = deadLetter('dead', { producer })
  const all = Array.from({ length: 100 }, (_, i) => letters.write(policy, claim, [message(i)], failure))
  const settled = () => new Promise((resolve) => setImmediate(resolve))
  await settled()
  expect(sends).toHaveLength(64)
  for (const send of sends.slice(0, 10)) send.end()
  await settled()
  expect(sends).toHaveLength(74)
  for (let i = 0; i < sends.length; i++, await settled()) sends[i]!.end()
  await Promise.all(all)
  expect(sends.map(({ offset }) => offset)).toEqual(Array.from({ length: 100 }, (_, i) => String(i)))
})
