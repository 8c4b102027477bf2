/** The Sarama-like face over real sockets: sessions, marks in any order, errors, offsets. */
import { createAdmin, createProducer, type Kafka, type ReceivedMessage } from '@tidemark/client'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type BrokerUnderTest, brokerUnderTest } from '../testing/brokers.case.ts'
import {
  type Config,
  type ConsumerGroup,
  type ConsumerGroupClaim,
  type ConsumerGroupHandler,
  type ConsumerGroupSession,
  newClient,
  newConsumerGroup,
  offsetNewest,
  offsetOldest,
} from './index.ts'

let under: BrokerUnderTest
let kafka: Kafka

beforeAll(async () => {
  under = await brokerUnderTest('sarama')
  kafka = under.kafka
})

afterAll(async () => {
  await under[Symbol.asyncDispose]()
})

const fresh = (kind: string): string => under.fresh(kind)

async function topicOf(count: number, partitions = 1): Promise<string> {
  const topic = fresh('topic')
  await createAdmin(kafka).topics.create(topic, { partitions })
  await using producer = createProducer(kafka)
  for (let i = 0; i < count; i++) await producer.send(topic, { value: String(i), partition: i % partitions })
  return topic
}

const CONFIG: Config = { offsets: { initial: offsetOldest }, group: { heartbeatIntervalMs: 50, sessionTimeoutMs: 6_000 } }

async function committed(group: string): Promise<Record<number, number>> {
  return Object.fromEntries((await createAdmin(kafka).groups.offsets(group)).map((o) => [o.partition, o.offset]))
}

/** A handler of which a test writes `consumeClaim` alone; it tells of everything that is called. */
function handlerOf(consumeClaim: ConsumerGroupHandler['consumeClaim'], told: string[] = []): ConsumerGroupHandler & { told: string[] } {
  return {
    told,
    setup: (session) => void told.push(`setup ${JSON.stringify(Object.values(session.claims())[0])}`),
    cleanup: () => void told.push('cleanup'),
    async consumeClaim(session, claim) {
      told.push(`claim ${claim.partition}`)
      await consumeClaim(session, claim)
      told.push(`end ${claim.partition}`)
    },
  }
}

/** Handles messages until there are `count`, then calls `then`. */
const counting = (count: number, handle: (session: ConsumerGroupSession, message: ReceivedMessage) => void, then: () => void) => {
  let seen = 0
  return async (session: ConsumerGroupSession, claim: ConsumerGroupClaim) => {
    for await (const message of claim.messages()) {
      handle(session, message)
      if (++seen === count) then()
    }
  }
}

describe('a session', () => {
  test('is setup, the claims side by side, cleanup; what is marked is committed when it ends', async () => {
    const [topic, id] = [await topicOf(6, 2), fresh('group')]
    const stop = new AbortController()
    const seen: string[] = []
    const handler = handlerOf(
      counting(
        6,
        (session, message) => {
          seen.push(String(message.value))
          session.markMessage(message)
        },
        () => stop.abort(),
      ),
    )
    await using group = newConsumerGroup(kafka, id, CONFIG)
    await group.consume([topic], handler, { signal: stop.signal })
    expect(seen.sort()).toEqual(['0', '1', '2', '3', '4', '5'])
    expect(handler.told.slice(0, 3)).toEqual(['setup [0,1]', 'claim 0', 'claim 1'])
    expect(handler.told.slice(3).sort()).toEqual(['cleanup', 'end 0', 'end 1'])
    expect(handler.told.at(-1)).toBe('cleanup')
    expect(await committed(id)).toEqual({ 0: 3, 1: 3 })
    await group.close()
    await expect(group.consume([topic], handler)).rejects.toMatchObject({ code: 'CLOSED' })
  })

  test('T15: marking out of order commits no more than is done, and what is done is not handled again', async () => {
    const [topic, id, stop] = [await topicOf(6), fresh('group'), new AbortController()]
    const marks = new Set([0, 2, 4, 5])
    const mark = (session: ConsumerGroupSession, message: ReceivedMessage) => marks.has(message.offset) && session.markMessage(message)
    await using group = newConsumerGroup(kafka, id, CONFIG)
    await group.consume([topic], handlerOf(counting(6, mark, () => stop.abort())), { signal: stop.signal })
    await group.close()
    expect(await committed(id)).toEqual({ 0: 1 })

    const again: number[] = []
    const stopAgain = new AbortController()
    await using other = newConsumerGroup(kafka, id, CONFIG)
    await other.consume(
      [topic],
      handlerOf(
        counting(
          2,
          (_, m) => again.push(m.offset),
          () => stopAgain.abort(),
        ),
      ),
      { signal: stopAgain.signal },
    )
    expect(again).toEqual([1, 3])
  })

  test('markOffset covers everything below it; session.commit() resolves once it is on record', async () => {
    const [topic, id, stop] = [await topicOf(5), fresh('group'), new AbortController()]
    const offsets: Record<number, number>[] = []
    await using group = newConsumerGroup(kafka, id, { ...CONFIG, offsets: { initial: offsetOldest, autoCommit: { enable: false } } })
    const handler = handlerOf(async (session, claim) => {
      for await (const message of claim.messages()) {
        if (message.offset !== 3) continue
        session.markOffset(claim.topic, claim.partition, 3)
        offsets.push(await committed(id))
        await session.commit()
        offsets.push(await committed(id))
        session.markMessage(message)
        stop.abort()
      }
    })
    await group.consume([topic], handler, { signal: stop.signal })
    await group.close()
    expect([...offsets, await committed(id)]).toEqual([{}, { 0: 3 }, { 0: 3 }])
  })

  test('begins anew after every rebalance, in a loop', async () => {
    const [topic, id] = [await topicOf(4, 2), fresh('group')]
    const seen: string[] = []
    const stop = new AbortController()
    const allSeen = Promise.withResolvers<void>()
    const looping = async (group: ConsumerGroup, told: string[]) => {
      while (!stop.signal.aborted) {
        const consume: ConsumerGroupHandler['consumeClaim'] = async (session, claim) => {
          for await (const message of claim.messages()) {
            seen.push(String(message.value))
            session.markMessage(message)
            if (new Set(seen).size === 8) allSeen.resolve()
          }
        }
        await group.consume([topic], handlerOf(consume, told), { signal: stop.signal })
      }
    }
    await using first = newConsumerGroup(kafka, id, CONFIG)
    await using second = newConsumerGroup(kafka, id, CONFIG)
    const [firstTold, secondTold]: string[][] = [[], []]
    const loops = [looping(first, firstTold!)]
    await expect.poll(() => seen.length).toBe(4)
    loops.push(looping(second, secondTold!))
    await expect.poll(() => secondTold).toHaveLength(2)
    await using producer = createProducer(kafka)
    for (let i = 4; i < 8; i++) await producer.send(topic, { value: String(i), partition: i % 2 })
    await allSeen.promise
    stop.abort()
    await Promise.all(loops)
    expect(firstTold).toEqual(expect.arrayContaining(['setup [0,1]', 'cleanup']))
    expect(firstTold!.filter((line) => line === 'setup [0]' || line === 'setup [1]').length).toBeGreaterThan(0)
    expect(seen.sort()).toEqual(['0', '1', '2', '3', '4', '5', '6', '7'])
  })

  test('ends when a consumeClaim returns or throws: errors() has why, and what is not marked comes again', async () => {
    const [topic, id] = [await topicOf(3), fresh('group')]
    await using group = newConsumerGroup(kafka, id, CONFIG)
    const seen: number[] = []
    const turn = (fails: boolean) =>
      handlerOf(async (session, claim) => {
        for await (const message of claim.messages()) {
          seen.push(message.offset)
          if (message.offset === 0) session.markMessage(message)
          if (message.offset === 1 && fails) throw new Error('mine')
          if (message.offset === 2) return
        }
      })
    await group.consume([topic], turn(true))
    await group.consume([topic], turn(false))
    expect(seen).toEqual([0, 1, 1, 2])
    const { value: error } = await group.errors().next()
    expect(error).toMatchObject({ code: 'HANDLER_FAILED', topic, partition: 0, message: expect.stringContaining('mine') })
  })

  test('setup that throws fails the call, and the next one has the partitions again', async () => {
    const [topic, id, stop] = [await topicOf(1), fresh('group'), new AbortController()]
    await using group = newConsumerGroup(kafka, id, CONFIG)
    const failing = { setup: () => Promise.reject(new Error('setup failed')), consumeClaim: () => {} }
    await expect(group.consume([topic], failing)).rejects.toThrow('setup failed')
    const seen: number[] = []
    await group.consume(
      [topic],
      handlerOf(
        counting(
          1,
          (_, m) => seen.push(m.offset),
          () => stop.abort(),
        ),
      ),
      { signal: stop.signal },
    )
    expect(seen).toEqual([0])
  })

  test('hands out so many unmarked messages at most, and says so', async () => {
    const [topic, id, stop] = [await topicOf(5), fresh('group'), new AbortController()]
    await using group = newConsumerGroup(kafka, id, { ...CONFIG, unmarkedMax: 2 })
    const seen: number[] = []
    const consuming = group.consume(
      [topic],
      handlerOf(async (session, claim) => {
        const messages = claim.messages()
        for (let i = 0; i < 2; i++) seen.push((await messages.next()).value!.offset)
        const third = messages.next()
        expect((await group.errors().next()).value).toMatchObject({ code: 'BUFFER_FULL', partition: 0 })
        session.markMessage({ topic, partition: 0, offset: 0 })
        seen.push((await third).value!.offset)
        stop.abort()
      }),
      { signal: stop.signal },
    )
    await consuming
    expect(seen).toEqual([0, 1, 2])
  })
})

test('offsetNewest begins at the end of the log; getOffset finds the ends and times', async () => {
  const topic = await topicOf(3)
  const client = newClient(kafka)
  expect(await client.getOffset(topic, 0, offsetNewest)).toBe(3)
  expect(await client.getOffset(topic, 0, offsetOldest)).toBe(0)
  expect(await client.getOffset(topic, 0, Date.now() - 3_600_000)).toBe(0)
  expect(await client.getOffset(topic, 0, Date.now() + 3_600_000)).toBe(-1)
  await expect(client.getOffset(topic, 0, -5)).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' })
  expect(await client.topics()).toContain(topic)
  expect(await client.partitions(topic)).toEqual([0])

  const stop = new AbortController()
  await using group = newConsumerGroup(client.kafka, fresh('group'), { group: CONFIG.group! })
  const seen: number[] = []
  const began = Promise.withResolvers<number>()
  const consuming = group.consume(
    [topic],
    handlerOf(async (_, claim) => {
      began.resolve(claim.initialOffset)
      for await (const message of claim.messages()) {
        seen.push(message.offset)
        expect(claim.highWaterMarkOffset()).toBe(4)
        stop.abort()
      }
    }),
    { signal: stop.signal },
  )
  expect(await began.promise).toBe(3)
  await using producer = createProducer(kafka)
  await producer.send(topic, { value: 'new' })
  await consuming
  expect(seen).toEqual([3])
})

test('a mistake is told at once', async () => {
  const handler = handlerOf(() => {})
  const group = newConsumerGroup(kafka, fresh('group'))
  await expect(group.consume([], handler)).rejects.toThrow('the topics of consume() are an array')
  await expect(group.consume(['t'], {} as never)).rejects.toThrow('consumeClaim of the handler is undefined')
  expect(() => newConsumerGroup(kafka, 'g', { offset: {} } as never)).toThrow("did you mean 'offsets'?")
  expect(() => newConsumerGroup(kafka, 'g', { offsets: { initial: 0 as never } })).toThrow('it must be offsetNewest or offsetOldest')
  const [first, second] = [group.consume(['missing'], handler), group.consume(['missing'], handler)]
  await expect(second).rejects.toMatchObject({ code: 'ALREADY_RUNNING' })
  await group.close()
  await first
})
