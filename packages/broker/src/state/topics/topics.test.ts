import { buildBatch, errorOf, RecordCursor, readBatchHeader } from '@tidemark/protocol'
import { describe, expect, test } from 'vitest'
import { Metadata } from '../cluster/metadata.ts'
import { decodeMetadata, encodeMetadata, type MetadataRecord, type Topic } from '../cluster/records.ts'
import { settingsOf, topicConfigs, topicFault } from '../configs/topic-configs.ts'
import { type CreationRules, decideTopic, type Wish } from './create.ts'

const defaults = (name: string): string => topicConfigs[name]!.fallback!

const idOf = (name: string): string => Buffer.from(name).toString('hex').padEnd(32, '0')

function topic(name: string, more: Partial<Topic> = {}): MetadataRecord & { kind: 'topic' } {
  return { kind: 'topic', id: idOf(name), name, partitions: 3, internal: false, createdMs: 5, configs: [], placement: [], ...more }
}

function metadata(...records: MetadataRecord[]): Metadata {
  const made = new Metadata()
  for (const record of records) made.apply(record)
  return made
}

function decide(wish: Partial<Wish>, known = metadata()): string {
  const rules: CreationRules = { metadata: known, nodes: [{ id: 1, rack: null }], numPartitions: 4, topicsMax: 10, partitionsMax: 100 }
  const decided = decideTopic({ name: 'orders', numPartitions: -1, replicationFactor: -1, assignments: [], configs: [], ...wish }, rules)
  return decided.kind === 'create' ? `${decided.partitions}` : errorOf(decided.code).name
}

describe('a new topic (trap 42)', () => {
  test('-1 takes the defaults', () => {
    expect(decide({})).toBe('4')
    expect(decide({ numPartitions: 7, replicationFactor: 1 })).toBe('7')
  })

  test('names: characters, length, dots, and what metrics could not tell apart', () => {
    for (const name of ['', '.', '..', 'a b', 'a/b', 'ä', 'x'.repeat(250)])
      expect([name, decide({ name })]).toEqual([name, 'INVALID_TOPIC_EXCEPTION'])
    for (const name of ['a', 'A.b_c-9', 'x'.repeat(249)]) expect([name, decide({ name })]).toEqual([name, '4'])
    expect(decide({ name: 'a_b' }, metadata(topic('a.b')))).toBe('INVALID_TOPIC_EXCEPTION')
    expect(decide({ name: 'a.b' }, metadata(topic('a.b')))).toBe('TOPIC_ALREADY_EXISTS')
    expect(decide({ name: '__cluster_metadata' })).toBe('INVALID_REQUEST')
    expect(decide({ name: '__consumer_offsets' })).toBe('INVALID_TOPIC_EXCEPTION')
  })

  test('counts that cannot be', () => {
    expect(decide({ numPartitions: 0 })).toBe('INVALID_PARTITIONS')
    expect(decide({ numPartitions: -2 })).toBe('INVALID_PARTITIONS')
    expect(decide({ replicationFactor: 0 })).toBe('INVALID_REPLICATION_FACTOR')
    expect(decide({ replicationFactor: 3 })).toBe('INVALID_REPLICATION_FACTOR')
    expect(decide({ numPartitions: 101 })).toBe('POLICY_VIOLATION')
  })

  test('assignments: consecutive, to this node, and instead of the counts', () => {
    const assignments = [0, 1].map((partitionIndex) => ({ partitionIndex, brokerIds: [1] }))
    expect(decide({ assignments })).toBe('2')
    expect(decide({ assignments, numPartitions: 2 })).toBe('INVALID_REQUEST')
    expect(decide({ assignments, replicationFactor: 1 })).toBe('INVALID_REQUEST')
    expect(decide({ assignments: assignments.slice(1) })).toBe('INVALID_REPLICA_ASSIGNMENT')
    expect(decide({ assignments: [{ partitionIndex: 0, brokerIds: [2] }] })).toBe('INVALID_REPLICA_ASSIGNMENT')
  })

  test('settings: unknown names and values out of range are refused (trap 44)', () => {
    for (const [name, value] of [
      ['no.such', '1'],
      ['retention.ms', 'x'],
      ['retention.ms', '-2'],
      ['max.message.bytes', '-1'],
      ['cleanup.policy', 'keep'],
      ['message.timestamp.type', 'Now'],
      ['compression.type', 'zip'],
      ['segment.bytes', '3000000000'],
      ['min.insync.replicas', '0'],
    ] as const) {
      expect([name, value, decide({ configs: [{ name, value }] })]).toEqual([name, value, 'INVALID_CONFIG'])
    }
    expect(topicFault({ name: 'retention.ms', value: null })).toMatch(/Null value/)
    expect(
      decide({
        configs: [
          { name: 'cleanup.policy', value: 'compact,delete' },
          { name: 'retention.bytes', value: '-1' },
        ],
      }),
    ).toBe('4')
  })

  test('what is set is what counts', () => {
    const made = topic('t', {
      configs: [
        { name: 'max.message.bytes', value: '77' },
        { name: 'cleanup.policy', value: 'compact' },
      ],
    })
    expect(settingsOf(made, defaults)).toMatchObject({ messageBytesMax: 77, compacted: true, deletes: false, segmentBytesMax: 2 ** 30 })
  })
})

const nowhere = { reaches: 0, lastCrc: 0 }

describe('what the cluster knows of itself', () => {
  const records: MetadataRecord[] = [
    { kind: 'start', leaderEpoch: 3, startedMs: 9, scramSecret: Buffer.from('secret') },
    topic('a.b', { configs: [{ name: 'retention.ms', value: '5' }] }),
    topic('c'),
    { kind: 'producerIds', nextProducerId: 2000n },
    { kind: 'removeTopic', id: idOf('c') },
  ]

  test('records survive their encoding', () => {
    const batch = buildBatch(records.map((r) => encodeMetadata(r, 1)))
    const cursor = new RecordCursor(batch, readBatchHeader(batch))
    const back: MetadataRecord[] = []
    while (cursor.next()) back.push(decodeMetadata(cursor.value!))
    expect(back).toEqual(records)
  })

  test('a checkpoint and the records after it give what all records give, at every cut', () => {
    const whole = metadata(...records).checkpoint(nowhere)
    for (let cut = 0; cut <= records.length; cut++) {
      const restored = new Metadata()
      expect(restored.restore(metadata(...records.slice(0, cut)).checkpoint({ reaches: cut, lastCrc: -5 }))).toEqual({
        reaches: cut,
        lastCrc: -5,
      })
      for (const record of records.slice(cut)) restored.apply(record)
      expect(restored.checkpoint(nowhere)).toEqual(whole)
    }
  })

  test('a topic that was deleted may be made again, under its name and its metrics name', () => {
    const known = metadata(topic('a.b'), { kind: 'removeTopic', id: idOf('a.b') })
    expect(known.partitions).toBe(0)
    expect(decide({ name: 'a_b' }, known)).toBe('4')
  })
})
