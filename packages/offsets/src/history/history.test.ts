/** Against the embedded broker, which writes Kafka's own records into `__consumer_offsets`. */
import { createAdmin, createKafka, createProducer, type Kafka } from '@tidemark/client'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type Broker, startBroker } from '../../../broker/src/index.ts'
import { createConsumer } from '../../../consumer/src/index.ts'
import { type CommitHistoryOptions, commitHistory } from './commit-history.ts'
import type { CommitEvent } from './group-fold.ts'
import { positionsAt } from './positions-at.ts'

let broker: Broker
let kafka: Kafka

beforeEach(async () => {
  broker = await startBroker({ data: ':memory:' })
  kafka = createKafka({ brokers: broker.brokers, clientId: 'tests' })
  await createAdmin(kafka).topics.create('t', { partitions: 2 })
  await using producer = createProducer(kafka)
  for (let i = 0; i < 10; i++) await producer.send('t', { value: `${i}`, partition: i % 2 })
})

afterEach(async () => {
  await kafka.close()
  await broker.close()
})

const set = (group: string, ...offsets: number[]): Promise<void> =>
  createAdmin(kafka).groups.setOffsets(
    group,
    offsets.map((offset, partition) => ({ topic: 't', partition, offset, metadata: `at ${offset}` })),
  )

async function all(options: CommitHistoryOptions = {}): Promise<CommitEvent[]> {
  const events: CommitEvent[] = []
  for await (const event of commitHistory(kafka, options)) events.push(event)
  return events
}

const brief = (events: readonly CommitEvent[]) =>
  events.map(({ group, partition, from, to, kind, jump }) => [group, partition, from, to, kind, jump])

/** A member that handles all records, and leaves. */
async function consumeAll(group: string): Promise<void> {
  const stop = new AbortController()
  await using consumer = createConsumer(kafka, { group })
  let left = 10
  consumer.each('t', async () => {
    if (--left === 0) stop.abort()
  })
  await consumer.run({ signal: stop.signal })
}

describe('the history of commits', () => {
  it('says who committed what: a tool, a member, a deletion', async () => {
    await set('g', 2, 1)
    await createAdmin(kafka).groups.delete('g')
    await consumeAll('g')
    await set('g', 1, 5)
    const events = await all({ groups: ['g'] })
    expect(brief(events.slice(0, 4))).toEqual([
      ['g', 0, null, 2, 'outside', null],
      ['g', 1, null, 1, 'outside', null],
      ['g', 0, 2, null, 'deleted', null],
      ['g', 1, 1, null, 'deleted', null],
    ])
    const members = events.filter(({ kind }) => kind === 'member')
    expect(members.length).toBeGreaterThan(0)
    expect(members.every(({ member }) => member?.clientId === 'tests' && member.host !== '')).toBe(true)
    expect(brief(events.slice(-2))).toEqual([
      ['g', 0, 5, 1, 'outside', 'back'],
      ['g', 1, 5, 5, 'outside', null],
    ])
    expect(events.at(-2)).toMatchObject({ topic: 't', leaderEpoch: -1, metadata: 'at 1', member: null })
  })

  it('flags an outside commit to where the log ended', async () => {
    await set('g', 2, 2)
    await set('g', 5, 3)
    expect(brief((await all({ groups: ['g'] })).slice(2))).toEqual([
      ['g', 0, 2, 5, 'outside', 'to-end'],
      ['g', 1, 2, 3, 'outside', null],
    ])
  })

  it('is of the groups that are named, between the times that are named', async () => {
    await set('a', 1, 1)
    await set('b', 1, 1)
    const times = (await all()).map(({ atMs }) => atMs)
    expect(new Set((await all()).map(({ group }) => group))).toEqual(new Set(['a', 'b']))
    expect((await all({ groups: ['a'] })).map(({ group }) => group)).toEqual(['a', 'a'])
    expect(await all({ groups: [] })).toEqual([])
    const after = new Date(Math.max(...times) + 1)
    expect(await all({ from: after })).toEqual([])
    expect(await all({ to: after })).toHaveLength(4)
  })

  it('is followed until the caller leaves', async () => {
    await set('g', 1, 1)
    const stop = new AbortController()
    const events = commitHistory(kafka, { groups: ['g'], follow: true, signal: stop.signal })
    for (let i = 0; i < 2; i++) await events.next()
    const next = events.next()
    await set('g', 3, 1)
    expect((await next).value).toMatchObject({ partition: 0, from: 1, to: 3 })
    const [last, pending] = [events.next(), events.next()]
    expect((await last).value).toMatchObject({ partition: 1, from: 1, to: 1 })
    stop.abort()
    await expect(pending).rejects.toMatchObject({ code: 'ABORTED' })
  })

  it('of a cluster whose topic is not shown is refused, with what still works', async () => {
    const empty = await startBroker({ data: ':memory:', authorizer: { superUsers: ['User:root'] } })
    const guest = createKafka({ brokers: empty.brokers })
    const error = await commitHistory(guest, { groups: ['g'] })
      .next()
      .catch((it) => it)
    expect(error).toMatchObject({ code: 'HISTORY_UNREADABLE' })
    expect(error.message).toContain('what is committed now, lag and moves do not need it')
    await guest.close()
    await empty.close()
  })

  it('refuses options that it does not have', () => {
    for (const options of [{ group: 'g' }, { groups: 'g' }, { from: 'now' }, { follow: 1 }, { to: new Date(-1) }, null]) {
      expect(() => commitHistory(kafka, options as never)).toThrow(expect.objectContaining({ code: 'INVALID_OPTION' }))
    }
    expect(() => commitHistory(kafka, { groups: [''] })).toThrow(expect.objectContaining({ code: 'INVALID_ARGUMENT' }))
  })
})

describe('what was committed at a time', () => {
  it('is exact while the log is whole', async () => {
    await set('g', 1, 2)
    const [first] = await all({ groups: ['g'] })
    await expect.poll(() => Date.now()).toBeGreaterThan(first!.atMs + 1)
    await set('g', 4)
    const then = await positionsAt(kafka, 'g', new Date(first!.atMs + 1))
    expect(then.positions.map(({ partition, offset, metadata, certainty }) => [partition, offset, metadata, certainty])).toEqual([
      [0, 1, 'at 1', 'exact'],
      [1, 2, 'at 2', 'exact'],
    ])
    const now = await positionsAt(kafka, 'g', new Date())
    expect(now.positions.map(({ offset }) => offset)).toEqual([4, 2])
    const before = await positionsAt(kafka, 'g', new Date(first!.atMs - 1_000))
    expect(before.positions.map(({ offset, certainty }) => [offset, certainty])).toEqual([
      [null, 'exact'],
      [null, 'exact'],
    ])
  })

  it('of a group that never was is nothing', async () => {
    await set('g', 1)
    expect((await positionsAt(kafka, 'nobody', new Date())).positions).toEqual([])
    await expect(positionsAt(kafka, 'g', 'now' as never)).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' })
  })
})
