import { apis, uuidFromText, ZERO_UUID } from '@tidemark/protocol'
import { describe, expect, test } from 'vitest'
import { create, metadataOf, nameOf, produce, setUp } from '../testing/requests.case.ts'

describe('topics', () => {
  test('trap 43: a new topic is in the next Metadata, with a leader; auto-creation is a flag', async () => {
    const { client } = await setUp({ numPartitions: 3 })
    await create(client, 't', {}, 2)
    const { topics } = await metadataOf(client, ['t'])
    expect(topics[0]!.partitions.map((p) => [p.errorCode, p.leaderId, p.isrNodes])).toEqual([
      [0, 1, [1]],
      [0, 1, [1]],
    ])
    expect(nameOf((await metadataOf(client, ['auto'])).topics[0]!.errorCode)).toBe('UNKNOWN_TOPIC_OR_PARTITION')
    const made = (await metadataOf(client, ['auto'], 12, true)).topics[0]!
    expect([nameOf(made.errorCode), made.partitions.length]).toEqual(['NONE', 3])
    expect((await produce(client, 'auto')).error).toBe('NONE')
  })

  test('trap 42: names are checked on auto-creation too; where it is switched off nothing is made', async () => {
    const { client } = await setUp()
    expect(nameOf((await metadataOf(client, ['a b'], 12, true)).topics[0]!.errorCode)).toBe('INVALID_TOPIC_EXCEPTION')
    const off = await setUp({ autoCreateTopics: false })
    expect(nameOf((await metadataOf(off.client, ['auto'], 12, true)).topics[0]!.errorCode)).toBe('UNKNOWN_TOPIC_OR_PARTITION')
  })

  test('trap 42: validate only makes nothing; a name twice in one request is refused; settings are echoed', async () => {
    const { client } = await setUp()
    const topic = { name: 't', numPartitions: -1, replicationFactor: -1, assignments: [], configs: [{ name: 'retention.ms', value: '7' }] }
    const checked = await client.call(apis.CreateTopics, 5, { topics: [topic], validateOnly: true })
    expect(checked.topics[0]).toMatchObject({ errorCode: 0, numPartitions: 1, replicationFactor: 1 })
    expect(checked.topics[0]!.configs).toContainEqual(expect.objectContaining({ name: 'retention.ms', value: '7', configSource: 1 }))
    expect((await metadataOf(client, null)).topics).toEqual([])
    const twice = await client.call(apis.CreateTopics, 7, { topics: [topic, topic, { ...topic, name: 'u' }] })
    expect(twice.topics.map((t) => [t.name, nameOf(t.errorCode)])).toEqual([
      ['t', 'INVALID_REQUEST'],
      ['u', 'NONE'],
    ])
  })

  test('trap 28, 42: by id, in Metadata and in DeleteTopics', async () => {
    const { client } = await setUp()
    const topicId = await create(client, 't')
    const byId = await client.call(apis.Metadata, 12, {
      topics: [
        { name: null, topicId },
        { name: null, topicId: 'e'.repeat(32) },
      ],
    })
    expect(byId.topics.map((t) => [t.name, nameOf(t.errorCode)])).toEqual([
      ['t', 'NONE'],
      [null, 'UNKNOWN_TOPIC_ID'],
    ])
    const remove = (name: string | null, id: string) => client.call(apis.DeleteTopics, 6, { topics: [{ name, topicId: id }], timeoutMs: 1 })
    expect(nameOf((await remove('t', topicId)).responses[0]!.errorCode)).toBe('INVALID_REQUEST')
    expect((await remove(null, topicId)).responses[0]).toMatchObject({ name: 't', errorCode: 0 })
    expect(nameOf((await remove(null, topicId)).responses[0]!.errorCode)).toBe('UNKNOWN_TOPIC_ID')
    expect(nameOf((await remove('t', ZERO_UUID)).responses[0]!.errorCode)).toBe('UNKNOWN_TOPIC_OR_PARTITION')
  })

  test('every version of Metadata, CreateTopics and DeleteTopics is served', async () => {
    const { client } = await setUp()
    for (let version = 0; version <= 7; version++) {
      const topic = { name: `t${version}`, numPartitions: 1, replicationFactor: 1, assignments: [], configs: [] }
      expect((await client.call(apis.CreateTopics, version, { topics: [topic] })).topics[0]!.errorCode).toBe(0)
    }
    for (let version = 0; version <= 13; version++) expect((await metadataOf(client, ['t1'], version)).topics[0]!.errorCode).toBe(0)
    for (let version = 0; version <= 6; version++) {
      const name = `t${version}`
      const answer = await client.call(apis.DeleteTopics, version, {
        topicNames: [name],
        topics: [{ name, topicId: ZERO_UUID }],
        timeoutMs: 1,
      })
      expect(answer.responses[0]!.errorCode).toBe(0)
    }
    for (let version = 0; version <= 5; version++) {
      expect((await client.call(apis.InitProducerId, version, { transactionalId: null, transactionTimeoutMs: 1 })).errorCode).toBe(0)
    }
  })

  test('the cluster id is in Kafka’s spelling', async () => {
    const { broker, client } = await setUp()
    const { clusterId, controllerId } = await metadataOf(client, [])
    expect([clusterId, controllerId]).toEqual([broker.clusterId, 1])
    expect(uuidFromText(clusterId!)).toHaveLength(32)
  })
})
