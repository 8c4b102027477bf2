/**
 * Every API that this protocol package speaks, by Kafka's name: one row an API, and where its headers become
 * flexible.
 */
import type { Fields, Message } from '../schema/fields.ts'
import { ProduceRequest, ProduceResponse } from './00-produce.ts'
import { FetchRequest, FetchResponse } from './01-fetch.ts'
import { ListOffsetsRequest, ListOffsetsResponse } from './02-list-offsets.ts'
import { MetadataRequest, MetadataResponse } from './03-metadata.ts'
import { OffsetCommitRequest, OffsetCommitResponse } from './08-offset-commit.ts'
import { OffsetFetchRequest, OffsetFetchResponse } from './09-offset-fetch.ts'
import { FindCoordinatorRequest, FindCoordinatorResponse } from './10-find-coordinator.ts'
import { JoinGroupRequest, JoinGroupResponse } from './11-join-group.ts'
import { HeartbeatRequest, HeartbeatResponse } from './12-heartbeat.ts'
import { LeaveGroupRequest, LeaveGroupResponse } from './13-leave-group.ts'
import { SyncGroupRequest, SyncGroupResponse } from './14-sync-group.ts'
import { DescribeGroupsRequest, DescribeGroupsResponse } from './15-describe-groups.ts'
import { ListGroupsRequest, ListGroupsResponse } from './16-list-groups.ts'
import { ApiVersionsRequest, ApiVersionsResponse } from './18-api-versions.ts'
import { CreateTopicsRequest, CreateTopicsResponse } from './19-create-topics.ts'
import { DeleteTopicsRequest, DeleteTopicsResponse } from './20-delete-topics.ts'
import { InitProducerIdRequest, InitProducerIdResponse } from './22-init-producer-id.ts'
import { OffsetForLeaderEpochRequest, OffsetForLeaderEpochResponse } from './23-offset-for-leader-epoch.ts'
import { DeleteGroupsRequest, DeleteGroupsResponse } from './42-delete-groups.ts'
import { ConsumerGroupDescribeRequest, ConsumerGroupDescribeResponse } from './69-consumer-group-describe.ts'

export interface Api<Q extends Fields = any, A extends Fields = any> {
  readonly key: number
  readonly name: string
  readonly request: Message<Q>
  readonly response: Message<A>
}

function api<Q extends Fields, A extends Fields>(request: Message<Q>, response: Message<A>): Api<Q, A> {
  return { key: request.apiKey, name: request.name.slice(0, -'Request'.length), request, response }
}

export const apis = {
  Produce: api(ProduceRequest, ProduceResponse),
  Fetch: api(FetchRequest, FetchResponse),
  ListOffsets: api(ListOffsetsRequest, ListOffsetsResponse),
  Metadata: api(MetadataRequest, MetadataResponse),
  OffsetCommit: api(OffsetCommitRequest, OffsetCommitResponse),
  OffsetFetch: api(OffsetFetchRequest, OffsetFetchResponse),
  FindCoordinator: api(FindCoordinatorRequest, FindCoordinatorResponse),
  JoinGroup: api(JoinGroupRequest, JoinGroupResponse),
  Heartbeat: api(HeartbeatRequest, HeartbeatResponse),
  LeaveGroup: api(LeaveGroupRequest, LeaveGroupResponse),
  SyncGroup: api(SyncGroupRequest, SyncGroupResponse),
  DescribeGroups: api(DescribeGroupsRequest, DescribeGroupsResponse),
  ListGroups: api(ListGroupsRequest, ListGroupsResponse),
  ApiVersions: api(ApiVersionsRequest, ApiVersionsResponse),
  CreateTopics: api(CreateTopicsRequest, CreateTopicsResponse),
  DeleteTopics: api(DeleteTopicsRequest, DeleteTopicsResponse),
  InitProducerId: api(InitProducerIdRequest, InitProducerIdResponse),
  OffsetForLeaderEpoch: api(OffsetForLeaderEpochRequest, OffsetForLeaderEpochResponse),
  DeleteGroups: api(DeleteGroupsRequest, DeleteGroupsResponse),
  ConsumerGroupDescribe: api(ConsumerGroupDescribeRequest, ConsumerGroupDescribeResponse),
} as const

export const apiByKey: ReadonlyMap<number, Api> = new Map(Object.values(apis).map((a) => [a.key, a as Api]))
