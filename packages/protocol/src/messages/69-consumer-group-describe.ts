/**
 * ConsumerGroupDescribe: versions 0 and 1. Groups of the KIP-848 protocol; version 1 says whether a member speaks the
 * older one.
 */
import { array, bool, int8, int16, int32, message, string, struct, uuid } from '../schema/fields.ts'
import type { Infer } from '../schema/infer.ts'

export const ConsumerGroupDescribeRequest = message(
  'ConsumerGroupDescribeRequest',
  { apiKey: 69, versions: '0-1', flexible: '0+' },
  {
    groupIds: array(string()),
    includeAuthorizedOperations: bool({ default: false }),
  },
)
export type ConsumerGroupDescribeRequest = Infer<typeof ConsumerGroupDescribeRequest>

const assignment = {
  topicPartitions: array({
    topicId: uuid(),
    topicName: string(),
    partitions: array(int32()),
  }),
}

export const ConsumerGroupDescribeResponse = message(
  'ConsumerGroupDescribeResponse',
  { apiKey: 69, versions: '0-1', flexible: '0+' },
  {
    throttleTimeMs: int32({ default: 0 }),
    groups: array({
      errorCode: int16(),
      errorMessage: string({ nullable: '0+', default: null }),
      groupId: string(),
      groupState: string(),
      groupEpoch: int32(),
      assignmentEpoch: int32(),
      assignorName: string(),
      members: array({
        memberId: string(),
        instanceId: string({ nullable: '0+', default: null }),
        rackId: string({ nullable: '0+', default: null }),
        memberEpoch: int32(),
        clientId: string(),
        clientHost: string(),
        subscribedTopicNames: array(string()),
        subscribedTopicRegex: string({ nullable: '0+', default: null }),
        assignment: struct(assignment),
        targetAssignment: struct(assignment),
        memberType: int8({ versions: '1+', default: -1 }),
      }),
      authorizedOperations: int32({ default: -2147483648 }),
    }),
  },
)
export type ConsumerGroupDescribeResponse = Infer<typeof ConsumerGroupDescribeResponse>
