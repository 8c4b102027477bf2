import { ErrorCode, type MetadataResponse, ZERO_UUID } from '@tidemark/protocol'
import { expect, it } from 'vitest'
import { View } from './view.ts'

type Topic = MetadataResponse['topics'][number]
const ID = '1'.repeat(32)

function topic(partitions: [leader: number, epoch: number][], over: Partial<Topic> = {}): Topic {
  return {
    errorCode: 0,
    name: 't',
    topicId: ID,
    isInternal: false,
    topicAuthorizedOperations: 0,
    partitions: partitions.map(([leaderId, leaderEpoch], partitionIndex) => ({
      errorCode: leaderId < 0 ? ErrorCode.LEADER_NOT_AVAILABLE : 0,
      partitionIndex,
      leaderId,
      leaderEpoch,
      replicaNodes: [1, 2],
      isrNodes: [1],
      offlineReplicas: [],
    })),
    ...over,
  }
}

it('says what changed: a topic appeared, got a partition, or a leader moved', () => {
  const view = new View()
  expect(view.apply('t', topic([[1, 0]]))).toBe(true)
  expect(view.apply('t', topic([[1, 0]]))).toBe(false)
  expect(
    view.apply(
      't',
      topic([
        [1, 0],
        [2, 0],
      ]),
    ),
  ).toBe(true)
  expect(
    view.apply(
      't',
      topic([
        [2, 1],
        [2, 0],
      ]),
    ),
  ).toBe(true)
  expect(view.leader('t', 0)).toEqual({ nodeId: 2, epoch: 1 })
})

it('says that replicas moved, though the leader stayed', () => {
  const view = new View()
  view.apply('t', topic([[1, 0]]))
  const answer = topic([[1, 0]])
  answer.partitions[0]!.replicaNodes = [1, 3]
  expect(view.apply('t', answer)).toBe(true)
  expect(view.apply('t', answer)).toBe(false)
})

it('never lets an older leader epoch replace a newer one (KIP-320)', () => {
  const view = new View()
  view.apply(
    't',
    topic([
      [2, 5],
      [1, 1],
    ]),
  )
  view.apply(
    't',
    topic([
      [1, 4],
      [2, 2],
    ]),
  )
  expect(view.leader('t', 0)).toEqual({ nodeId: 2, epoch: 5 })
  expect(view.leader('t', 1)).toEqual({ nodeId: 2, epoch: 2 })
})

it('keeps the epochs through an answer that does not know the topic', () => {
  const view = new View()
  view.apply('t', topic([[2, 5]]))
  view.apply('t', topic([], { errorCode: ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, topicId: ZERO_UUID }))
  expect(view.leader('t', 0)).toBeUndefined()
  view.apply('t', topic([[1, 3]]))
  expect(view.leader('t', 0)).toEqual({ nodeId: 2, epoch: 5 })
})

it('begins anew with a topic that was deleted and created again', () => {
  const view = new View()
  view.apply('t', topic([[2, 5]]))
  expect(view.apply('t', topic([[1, 0]], { topicId: '2'.repeat(32) }))).toBe(true)
  expect(view.leader('t', 0)).toEqual({ nodeId: 1, epoch: 0 })
})

it('takes what a broker without epochs says as it is', () => {
  const view = new View()
  view.apply('t', topic([[2, 5]]))
  view.apply('t', topic([[1, -1]]))
  expect(view.leader('t', 0)).toEqual({ nodeId: 1, epoch: -1 })
})

it('a partition without a leader has none, and keeps its number', () => {
  const view = new View()
  view.apply(
    't',
    topic([
      [1, 0],
      [-1, 1],
    ]),
  )
  expect(view.leader('t', 1)).toBeUndefined()
  expect(view.topic('t')?.partitions).toHaveLength(2)
})

it('takes a newer leader from beside an error, and no older one (KIP-951)', () => {
  const view = new View()
  view.apply('t', topic([[1, 3]]))
  expect(view.leaderMoved('t', 0, 2, 3)).toBe(false)
  expect(view.leaderMoved('t', 0, 2, 4)).toBe(true)
  expect(view.leader('t', 0)).toEqual({ nodeId: 2, epoch: 4 })
})

it('does not use an answer whose partitions have holes', () => {
  const view = new View()
  const answer = topic([
    [1, 0],
    [1, 0],
  ])
  answer.partitions.splice(0, 1)
  view.apply('t', answer)
  expect(view.topic('t')).toMatchObject({ errorCode: ErrorCode.LEADER_NOT_AVAILABLE, partitions: [] })
})
