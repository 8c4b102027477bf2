/**
 * The fold of one coordinator partition as bytes, with the point of the log that it reaches: a restart reads this and
 * the log from there.
 *
 * Only `stored` and `offsets` are in it, in their order, so that checkpoint plus tail is, byte for byte, what a full
 * replay makes. Each topic name is stored once, in the order of first use; offsets refer to it by number.
 */

import type { StoredOffset } from '@tidemark/protocol'
import { codecOf, fields, type Infer, type InferInput, message, Reader, Writer } from '@tidemark/protocol'
import type { LogPoint } from '../log/point.ts'
import { Shard } from './shard.ts'

const { array, bytes, int32, offset, string, uuid } = fields

export const CoordinatorCheckpoint = message(
  'CoordinatorCheckpoint',
  { versions: '0', flexible: '0+' },
  {
    reaches: offset(),
    /** Of the last batch below that: a log that was cut and written on has another one there. */
    lastCrc: int32(),
    topics: array(string()),
    groups: array({
      groupId: string(),
      protocolType: string(),
      generation: int32(),
      protocol: string({ nullable: '0+' }),
      leader: string({ nullable: '0+' }),
      currentStateTimestamp: offset(),
      members: array({
        memberId: string(),
        groupInstanceId: string({ nullable: '0+' }),
        clientId: string(),
        clientHost: string(),
        rebalanceTimeout: int32(),
        sessionTimeout: int32(),
        subscription: bytes(),
        assignment: bytes(),
      }),
    }),
    offsets: array({
      groupId: string(),
      topics: array({
        topic: int32(),
        partitions: array({
          partition: int32(),
          offset: offset(),
          leaderEpoch: int32(),
          metadata: string(),
          commitTimestamp: offset(),
          expireTimestamp: offset({ tag: 0, default: -1 }),
          topicId: uuid({ tag: 1, default: '00000000000000000000000000000000' }),
        }),
      }),
    }),
  },
)

const VERSION = 0
const codec = codecOf(CoordinatorCheckpoint, VERSION)

type GroupOffsets = InferInput<typeof CoordinatorCheckpoint>['offsets'][number]

export function takeCheckpoint(shard: Shard, { reaches, lastCrc }: LogPoint): Buffer {
  const numbers = new Map<string, number>()
  const numberOf = (topic: string): number => {
    const known = numbers.get(topic)
    if (known === undefined) numbers.set(topic, numbers.size)
    return known ?? numbers.size - 1
  }
  const offsets: GroupOffsets[] = Array.from(shard.offsets.groups(), (groupId) => ({
    groupId,
    topics: Array.from(shard.offsets.of(groupId)!, ([topic, ofTopic]) => ({
      topic: numberOf(topic),
      partitions: Array.from(ofTopic, ([partition, committed]) => ({ partition, ...committed })),
    })),
  }))
  const groups = Array.from(shard.stored, ([groupId, stored]) => ({ ...stored, groupId }))
  const w = new Writer(64 * 1024)
  codec.encode(w, { reaches, lastCrc, topics: [...numbers.keys()], groups, offsets })
  return Buffer.from(w.written())
}

/** Throws `WireError` for bytes that are not a checkpoint. */
export function fromCheckpoint(from: Buffer): { readonly shard: Shard; readonly point: LogPoint } {
  const { reaches, lastCrc, topics, groups, offsets } = codec.decode(new Reader(from))
  const shard = new Shard()
  for (const { groupId, unknownTags: _, ...value } of groups) {
    // Copies: a view would keep the whole checkpoint in memory.
    const members = value.members.map((m) => ({ ...m, subscription: Buffer.from(m.subscription), assignment: Buffer.from(m.assignment) }))
    shard.apply({ kind: 'group', groupId, value: { ...value, members } })
  }
  for (const { groupId, topics: ofGroup } of offsets) {
    for (const { topic, partitions } of ofGroup) {
      for (const one of partitions) {
        shard.apply({ kind: 'offset', key: { group: groupId, topic: topics[topic]!, partition: one.partition }, value: committed(one) })
      }
    }
  }
  return { shard, point: { reaches, lastCrc } }
}

type Stored = Infer<typeof CoordinatorCheckpoint>['offsets'][number]['topics'][number]['partitions'][number]

const committed = ({ offset, leaderEpoch, metadata, commitTimestamp, expireTimestamp, topicId }: Stored): StoredOffset => ({
  offset,
  leaderEpoch,
  metadata,
  commitTimestamp,
  expireTimestamp,
  topicId,
})
