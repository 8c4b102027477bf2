import { array, bytes, int8, int32, message, offset, string, struct, uuid } from '../schema/fields.ts'
import type { Infer } from '../schema/infer.ts'
import { ZERO_UUID } from './uuid.ts'

export const OffsetCommitKey = message(
  'OffsetCommitKey',
  { versions: '0', flexible: 'none' },
  {
    group: string(),
    topic: string(),
    partition: int32(),
  },
)
export type OffsetCommitKey = Infer<typeof OffsetCommitKey>

export const OffsetCommitValue = message(
  'OffsetCommitValue',
  { versions: '0-4', flexible: '4+' },
  {
    offset: offset(),
    leaderEpoch: int32({ versions: '3+', default: -1 }),
    metadata: string(),
    commitTimestamp: offset(),
    expireTimestamp: offset({ versions: '1', default: -1 }),
    topicId: uuid({ versions: '4+', tag: 0, default: ZERO_UUID }),
  },
)
export type OffsetCommitValue = Infer<typeof OffsetCommitValue>

export const GroupMetadataKey = message(
  'GroupMetadataKey',
  { versions: '0', flexible: 'none' },
  {
    group: string(),
  },
)
export type GroupMetadataKey = Infer<typeof GroupMetadataKey>

export const GroupMetadataValue = message(
  'GroupMetadataValue',
  { versions: '0-4', flexible: '4+' },
  {
    protocolType: string(),
    generation: int32(),
    protocol: string({ nullable: '0+' }),
    leader: string({ nullable: '0+' }),
    currentStateTimestamp: offset({ versions: '2+', default: -1 }),
    members: array({
      memberId: string(),
      groupInstanceId: string({ versions: '3+', nullable: '3+', default: null }),
      clientId: string(),
      clientHost: string(),
      rebalanceTimeout: int32({ versions: '1+', default: -1 }),
      sessionTimeout: int32(),
      subscription: bytes(),
      assignment: bytes(),
    }),
  },
)
export type GroupMetadataValue = Infer<typeof GroupMetadataValue>

/** Of a member of a group of KIP-848. */
export const ConsumerGroupMemberMetadataValue = message(
  'ConsumerGroupMemberMetadataValue',
  { versions: '0', flexible: '0+' },
  {
    instanceId: string({ nullable: '0+' }),
    rackId: string({ nullable: '0+' }),
    clientId: string(),
    clientHost: string(),
    subscribedTopicNames: array(string()),
    subscribedTopicRegex: string({ nullable: '0+' }),
    rebalanceTimeoutMs: int32({ default: -1 }),
    serverAssignor: string({ nullable: '0+' }),
    classicMemberMetadata: struct(
      {
        sessionTimeoutMs: int32(),
        supportedProtocols: array({
          name: string(),
          metadata: bytes(),
        }),
      },
      { versions: '0+', nullable: '0+', tag: 0, default: null },
    ),
  },
)
export type ConsumerGroupMemberMetadataValue = Infer<typeof ConsumerGroupMemberMetadataValue>

const topicPartitions = {
  topicId: uuid(),
  partitions: array(int32()),
  assignmentEpochs: array(int32(), { versions: '0+', nullable: '0+', tag: 0, default: null }),
}

export const ConsumerGroupCurrentMemberAssignmentValue = message(
  'ConsumerGroupCurrentMemberAssignmentValue',
  { versions: '0', flexible: '0+' },
  {
    memberEpoch: int32(),
    previousMemberEpoch: int32(),
    state: int8(),
    assignedPartitions: array(topicPartitions),
    partitionsPendingRevocation: array(topicPartitions),
  },
)
export type ConsumerGroupCurrentMemberAssignmentValue = Infer<typeof ConsumerGroupCurrentMemberAssignmentValue>

export const ConsumerGroupMemberMetadataKey = message(
  'ConsumerGroupMemberMetadataKey',
  { versions: '0', flexible: 'none' },
  {
    groupId: string(),
    memberId: string(),
  },
)
export type ConsumerGroupMemberMetadataKey = Infer<typeof ConsumerGroupMemberMetadataKey>

export const ConsumerGroupCurrentMemberAssignmentKey = message(
  'ConsumerGroupCurrentMemberAssignmentKey',
  { versions: '0', flexible: 'none' },
  {
    groupId: string(),
    memberId: string(),
  },
)
export type ConsumerGroupCurrentMemberAssignmentKey = Infer<typeof ConsumerGroupCurrentMemberAssignmentKey>

export const ConsumerGroupMetadataKey = message(
  'ConsumerGroupMetadataKey',
  { versions: '0', flexible: 'none' },
  {
    groupId: string(),
  },
)
export type ConsumerGroupMetadataKey = Infer<typeof ConsumerGroupMetadataKey>
