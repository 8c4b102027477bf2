/** Trap 26: fetch sessions on the wire. What a session is, and whose place it takes, is in state/fetch. */
import { apis, ErrorCode, ZERO_UUID } from '@tidemark/protocol'
import { describe, expect, onTestFinished, test } from 'vitest'
import { Operation, Resource } from '../state/acls/codes.ts'
import { RawClient } from '../testing/index.ts'
import { baseOffsets, connect, create, nameOf, produce, setUp, start } from '../testing/requests.case.ts'

interface Asked {
  readonly topic?: string
  readonly topicId?: string
  /** Offsets by partition. */
  readonly at?: Readonly<Record<number, number>>
}

interface Wish {
  readonly version?: number
  readonly topics?: readonly Asked[]
  readonly forget?: readonly { readonly topic?: string; readonly topicId?: string; readonly partitions: readonly number[] }[]
  readonly maxWaitMs?: number
  readonly maxBytes?: number
}

const requestOf = (sessionId: number, sessionEpoch: number, { topics = [], forget = [], maxWaitMs = 0, maxBytes = 1e6 }: Wish) => ({
  maxWaitMs,
  minBytes: 1,
  maxBytes,
  sessionId,
  sessionEpoch,
  topics: topics.map(({ topic = '', topicId = ZERO_UUID, at = {} }) => ({
    topic,
    topicId,
    partitions: Object.entries(at).map(([partition, fetchOffset]) => ({
      partition: Number(partition),
      fetchOffset,
      partitionMaxBytes: 1e6,
    })),
  })),
  forgottenTopicsData: forget.map(({ topic = '', topicId = ZERO_UUID, partitions }) => ({ topic, topicId, partitions: [...partitions] })),
})

/** An answer as text: `t-0: 0,3 of 6` are the base offsets of its batches, and the high watermark. */
async function ask(client: RawClient, sessionId: number, sessionEpoch: number, { version = 12, ...wish }: Wish = {}) {
  const answer = await client.call(apis.Fetch, version, requestOf(sessionId, sessionEpoch, wish))
  const told = answer.responses.flatMap(({ topic, partitions }) =>
    partitions.map(({ partitionIndex, errorCode, records, highWatermark }) => {
      const what = errorCode === ErrorCode.NONE ? `${baseOffsets(records)} of ${highWatermark}` : nameOf(errorCode)
      return `${topic}-${partitionIndex}: ${what}`
    }),
  )
  return { error: nameOf(answer.errorCode), id: answer.sessionId, told }
}

const began = async (client: RawClient, wish: Wish): Promise<number> => {
  const { error, id } = await ask(client, 0, 0, wish)
  expect([error, id > 0]).toEqual(['NONE', true])
  return id
}

/** A client that nobody knows, and one that may do everything. */
async function withAcls() {
  const broker = await start({
    listeners: [{ protocol: 'plaintext' }, { name: 'ADMIN', protocol: 'sasl_plaintext', sasl: ['plain'] }],
    users: { admin: 'secret' },
    authorizer: { superUsers: ['User:admin'] },
  })
  const admin = await RawClient.connect({ host: broker.host, port: Number(broker.listeners.ADMIN!.split(':')[1]) })
  onTestFinished(() => admin.end())
  await admin.call(apis.SaslHandshake, 1, { mechanism: 'PLAIN' })
  await admin.call(apis.SaslAuthenticate, 2, { authBytes: Buffer.from('\0admin\0secret') })
  const acl = { principal: 'User:ANONYMOUS', host: '*', operation: Operation.READ }
  const allow = (resourceName: string) =>
    admin.call(apis.CreateAcls, 3, {
      creations: [{ ...acl, resourceType: Resource.TOPIC, resourceName, resourcePatternType: LITERAL, permissionType: ALLOW }],
    })
  const deny = (resourceNameFilter: string) =>
    admin.call(apis.DeleteAcls, 3, {
      filters: [
        {
          resourceTypeFilter: Resource.TOPIC,
          resourceNameFilter,
          patternTypeFilter: LITERAL,
          principalFilter: acl.principal,
          hostFilter: '*',
          operation: Operation.READ,
          permissionType: ALLOW,
        },
      ],
    })
  return { client: await connect(broker), admin, allow, deny }
}

const LITERAL = 3
const ALLOW = 3

describe('fetch sessions', () => {
  test('a session tells what changed: records, high watermark, and nothing else', async () => {
    const { client } = await setUp()
    await create(client, 't', {}, 3)
    await produce(client, 't')
    const { id, told } = await ask(client, 0, 0, { topics: [{ topic: 't', at: { 0: 0, 1: 0, 2: 0 } }] })
    expect(told).toEqual(['t-0: 0 of 1', 't-1:  of 0', 't-2:  of 0'])
    expect(await ask(client, id, 1, { topics: [{ topic: 't', at: { 0: 1 } }] })).toEqual({ error: 'NONE', id, told: [] })
    await produce(client, 't', {}, { partition: 2 })
    expect((await ask(client, id, 2)).told).toEqual(['t-2: 0 of 1'])
    expect((await ask(client, id, 3)).told).toEqual(['t-2: 0 of 1'])
    expect((await ask(client, id, 4, { topics: [{ topic: 't', at: { 2: 1 } }] })).told).toEqual([])
  })

  test('without one each answer is whole, with id 0', async () => {
    const { client } = await setUp()
    await create(client, 't')
    for (let i = 0; i < 2; i++) {
      expect(await ask(client, 0, -1, { topics: [{ topic: 't', at: { 0: 0 } }] })).toEqual({ error: 'NONE', id: 0, told: ['t-0:  of 0'] })
    }
  })

  test('errors of sessions have no partitions and id 0', async () => {
    const { client } = await setUp()
    await create(client, 't')
    const id = await began(client, { topics: [{ topic: 't', at: { 0: 0 } }] })
    expect(await ask(client, id, 2)).toEqual({ error: 'INVALID_FETCH_SESSION_EPOCH', id: 0, told: [] })
    expect(await ask(client, id === 1 ? 2 : id - 1, 1)).toEqual({ error: 'FETCH_SESSION_ID_NOT_FOUND', id: 0, told: [] })
    expect(await ask(client, 0, 3)).toEqual({ error: 'FETCH_SESSION_ID_NOT_FOUND', id: 0, told: [] })
    expect(await ask(client, id, 1, { version: 13 })).toEqual({ error: 'FETCH_SESSION_TOPIC_ID_ERROR', id: 0, told: [] })
    expect(await ask(client, id, 1)).toEqual({ error: 'NONE', id, told: [] })
    expect((await ask(client, id, -1)).id).toBe(0)
    expect((await ask(client, id, 2)).error).toBe('FETCH_SESSION_ID_NOT_FOUND')
  })

  test('partitions come and go; the last one ends it', async () => {
    const { client } = await setUp()
    await create(client, 't', {}, 2)
    await create(client, 'u')
    const id = await began(client, { topics: [{ topic: 't', at: { 0: 0, 1: 0 } }] })
    await produce(client, 't', {}, { partition: 0 })
    const moved = await ask(client, id, 1, { topics: [{ topic: 'u', at: { 0: 0 } }], forget: [{ topic: 't', partitions: [0] }] })
    expect(moved.told).toEqual(['u-0:  of 0'])
    expect(await ask(client, id, 2, { forget: [{ topic: 't', partitions: [1] }] })).toEqual({ error: 'NONE', id, told: [] })
    expect(await ask(client, id, 3, { forget: [{ topic: 'u', partitions: [0] }] })).toEqual({ error: 'NONE', id: 0, told: [] })
    expect((await ask(client, id, 4)).error).toBe('FETCH_SESSION_ID_NOT_FOUND')
  })

  test('an error is told each time, and that it is gone; by id, in every version', async () => {
    const { client } = await setUp({ autoCreateTopics: false })
    const missing = { topics: [{ topic: 'late', at: { 0: 0 } }] }
    const id = await began(client, missing)
    for (const epoch of [1, 2]) expect((await ask(client, id, epoch)).told).toEqual(['late-0: UNKNOWN_TOPIC_OR_PARTITION'])
    const topicId = await create(client, 'late')
    expect((await ask(client, id, 3)).told).toEqual(['late-0:  of 0'])
    expect((await ask(client, id, 4)).told).toEqual([])

    for (const version of [13, 15, 18]) {
      const byId = await began(client, { version, topics: [{ topicId, at: { 0: 0 } }] })
      expect((await ask(client, byId, 1, { version })).told).toEqual([])
      expect((await ask(client, byId, 2, { version, forget: [{ topicId, partitions: [0] }] })).id).toBe(0)
    }
    const byId = await began(client, { version: 13, topics: [{ topicId, at: { 0: 0 } }] })
    await client.call(apis.DeleteTopics, 5, { topicNames: ['late'], timeoutMs: 1 })
    expect((await ask(client, byId, 1, { version: 13 })).told).toEqual(['-0: UNKNOWN_TOPIC_ID'])
  })

  test('a long poll of a session ends with records of a partition that it did not name', async () => {
    const { broker, client } = await setUp()
    await create(client, 't', {}, 2)
    const waiting = await connect(broker)
    const id = await began(waiting, { topics: [{ topic: 't', at: { 0: 0, 1: 0 } }] })
    const polled = ask(waiting, id, 1, { maxWaitMs: 60_000 })
    await produce(client, 't', {}, { partition: 1 })
    expect((await polled).told).toEqual(['t-1: 0 of 1'])
  })

  test('no partition starves: one with records is read last the next time', async () => {
    const { client } = await setUp()
    await create(client, 't', {}, 2)
    for (const partition of [0, 1]) await produce(client, 't', { values: ['x'.repeat(5000)] }, { partition })
    const id = await began(client, { topics: [{ topic: 't', at: { 0: 0, 1: 0 } }], maxBytes: 10 })
    const once = async (epoch: number): Promise<string[]> => (await ask(client, id, epoch, { maxBytes: 10 })).told
    expect([await once(1), await once(2), await once(3)]).toEqual([['t-0: 0 of 1'], ['t-1: 0 of 1'], ['t-0: 0 of 1']])
  })

  test('a session outlives its connection', async () => {
    const { broker, client } = await setUp()
    await create(client, 't')
    const first = await connect(broker)
    const id = await began(first, { topics: [{ topic: 't', at: { 0: 0 } }] })
    first.end()
    await first.closed
    expect(await ask(client, id, 1)).toEqual({ error: 'NONE', id, told: [] })
  })

  test('of two requests of one epoch at once only one tells what changed', async () => {
    const { broker, client } = await setUp()
    await create(client, 't')
    const [first, second] = [await connect(broker), await connect(broker)]
    const id = await began(first, { topics: [{ topic: 't', at: { 0: 0 } }] })
    const parked = ask(first, id, 1, { maxWaitMs: 60_000 })
    await expect.poll(async () => (await ask(second, id, 1)).error).toBe('INVALID_FETCH_SESSION_EPOCH')
    const next = ask(second, id, 2, { maxWaitMs: 60_000 })
    await ask(client, id, 2)
    await produce(client, 't')
    const [one, two] = [await parked, await next]
    expect(one).toEqual({ error: 'INVALID_FETCH_SESSION_EPOCH', id, told: [] })
    expect([two.error, two.told]).toEqual(['NONE', ['t-0: 0 of 1']])
  })

  test('where all are taken, the client goes on in full', async () => {
    const { client } = await setUp({ fetchSessionsMax: 1 })
    await create(client, 't')
    const asked = { topics: [{ topic: 't', at: { 0: 0 } }] }
    const id = await began(client, asked)
    expect(await ask(client, 0, 0, asked)).toEqual({ error: 'NONE', id: 0, told: ['t-0:  of 0'] })
    expect((await ask(client, id, 1)).id).toBe(id)
  })

  test('a throttled answer keeps the id (KAFKA-6946)', async () => {
    const { client } = await setUp()
    await create(client, 't')
    for (let i = 0; i < 4; i++) await produce(client, 't', { values: ['x'.repeat(10_000)] })
    const entity = [{ entityType: 'client-id', entityName: null }]
    const ops = [{ key: 'consumer_byte_rate', value: 1e4, remove: false }]
    await client.call(apis.AlterClientQuotas, 1, { entries: [{ entity, ops }], validateOnly: false })
    const id = await began(client, { topics: [{ topic: 't', at: { 0: 4 } }] })
    const answer = await client.call(apis.Fetch, 12, requestOf(id, 1, { topics: [{ topic: 't', at: { 0: 0 } }], maxBytes: 30_000 }))
    expect([answer.sessionId, answer.errorCode]).toEqual([id, ErrorCode.NONE])
  })

  test('what its client may not read any more is refused, and told when it may again; so is what another client began', async () => {
    const { client, admin, allow, deny } = await withAcls()
    const topicId = await create(admin, 't')
    const asked = { topics: [{ topic: 't', at: { 0: 0 } }] }
    const refused = ['t-0: TOPIC_AUTHORIZATION_FAILED']
    expect((await ask(client, 0, -1, asked)).told).toEqual(refused)
    const early = await ask(client, 0, 0, asked)
    expect([early.told, (await ask(client, early.id, 1)).told]).toEqual([refused, refused])
    await allow('t')
    expect((await ask(client, early.id, 2)).told).toEqual(['t-0:  of 0'])
    expect((await ask(client, early.id, 3)).told).toEqual([])
    await deny('t')
    await produce(admin, 't')
    expect((await ask(client, early.id, 4)).told).toEqual(refused)

    const foreign = await began(admin, { version: 13, topics: [{ topicId, at: { 0: 0 } }] })
    expect((await ask(client, foreign, 1, { version: 13 })).told).toEqual(['-0: TOPIC_AUTHORIZATION_FAILED'])
  })
})
