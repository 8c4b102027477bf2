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
import { SaslHandshakeRequest, SaslHandshakeResponse } from './17-sasl-handshake.ts'
import { ApiVersionsRequest, ApiVersionsResponse } from './18-api-versions.ts'
import { CreateTopicsRequest, CreateTopicsResponse } from './19-create-topics.ts'
import { DeleteTopicsRequest, DeleteTopicsResponse } from './20-delete-topics.ts'
import { DeleteRecordsRequest, DeleteRecordsResponse } from './21-delete-records.ts'
import { InitProducerIdRequest, InitProducerIdResponse } from './22-init-producer-id.ts'
import { OffsetForLeaderEpochRequest, OffsetForLeaderEpochResponse } from './23-offset-for-leader-epoch.ts'
import { DescribeAclsRequest, DescribeAclsResponse } from './29-describe-acls.ts'
import { CreateAclsRequest, CreateAclsResponse } from './30-create-acls.ts'
import { DeleteAclsRequest, DeleteAclsResponse } from './31-delete-acls.ts'
import { DescribeConfigsRequest, DescribeConfigsResponse } from './32-describe-configs.ts'
import { AlterConfigsRequest, AlterConfigsResponse } from './33-alter-configs.ts'
import { AlterReplicaLogDirsRequest, AlterReplicaLogDirsResponse } from './34-alter-replica-log-dirs.ts'
import { DescribeLogDirsRequest, DescribeLogDirsResponse } from './35-describe-log-dirs.ts'
import { SaslAuthenticateRequest, SaslAuthenticateResponse } from './36-sasl-authenticate.ts'
import { CreatePartitionsRequest, CreatePartitionsResponse } from './37-create-partitions.ts'
import { DeleteGroupsRequest, DeleteGroupsResponse } from './42-delete-groups.ts'
import { ElectLeadersRequest, ElectLeadersResponse } from './43-elect-leaders.ts'
import { IncrementalAlterConfigsRequest, IncrementalAlterConfigsResponse } from './44-incremental-alter-configs.ts'
import { AlterPartitionReassignmentsRequest, AlterPartitionReassignmentsResponse } from './45-alter-partition-reassignments.ts'
import { ListPartitionReassignmentsRequest, ListPartitionReassignmentsResponse } from './46-list-partition-reassignments.ts'
import { OffsetDeleteRequest, OffsetDeleteResponse } from './47-offset-delete.ts'
import { DescribeClientQuotasRequest, DescribeClientQuotasResponse } from './48-describe-client-quotas.ts'
import { AlterClientQuotasRequest, AlterClientQuotasResponse } from './49-alter-client-quotas.ts'
import { DescribeUserScramCredentialsRequest, DescribeUserScramCredentialsResponse } from './50-describe-user-scram-credentials.ts'
import { AlterUserScramCredentialsRequest, AlterUserScramCredentialsResponse } from './51-alter-user-scram-credentials.ts'
import { DescribeQuorumRequest, DescribeQuorumResponse } from './55-describe-quorum.ts'
import { UpdateFeaturesRequest, UpdateFeaturesResponse } from './57-update-features.ts'
import { DescribeClusterRequest, DescribeClusterResponse } from './60-describe-cluster.ts'
import { DescribeProducersRequest, DescribeProducersResponse } from './61-describe-producers.ts'
import { UnregisterBrokerRequest, UnregisterBrokerResponse } from './64-unregister-broker.ts'
import { ConsumerGroupDescribeRequest, ConsumerGroupDescribeResponse } from './69-consumer-group-describe.ts'
import { GetTelemetrySubscriptionsRequest, GetTelemetrySubscriptionsResponse } from './71-get-telemetry-subscriptions.ts'
import { PushTelemetryRequest, PushTelemetryResponse } from './72-push-telemetry.ts'
import { ListConfigResourcesRequest, ListConfigResourcesResponse } from './74-list-config-resources.ts'
import { DescribeTopicPartitionsRequest, DescribeTopicPartitionsResponse } from './75-describe-topic-partitions.ts'
import { ShareGroupDescribeRequest, ShareGroupDescribeResponse } from './77-share-group-describe.ts'
import { StreamsGroupDescribeRequest, StreamsGroupDescribeResponse } from './89-streams-group-describe.ts'
import { DescribeShareGroupOffsetsRequest, DescribeShareGroupOffsetsResponse } from './90-describe-share-group-offsets.ts'

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
  SaslHandshake: api(SaslHandshakeRequest, SaslHandshakeResponse),
  ApiVersions: api(ApiVersionsRequest, ApiVersionsResponse),
  CreateTopics: api(CreateTopicsRequest, CreateTopicsResponse),
  DeleteTopics: api(DeleteTopicsRequest, DeleteTopicsResponse),
  DeleteRecords: api(DeleteRecordsRequest, DeleteRecordsResponse),
  InitProducerId: api(InitProducerIdRequest, InitProducerIdResponse),
  OffsetForLeaderEpoch: api(OffsetForLeaderEpochRequest, OffsetForLeaderEpochResponse),
  DescribeAcls: api(DescribeAclsRequest, DescribeAclsResponse),
  CreateAcls: api(CreateAclsRequest, CreateAclsResponse),
  DeleteAcls: api(DeleteAclsRequest, DeleteAclsResponse),
  DescribeConfigs: api(DescribeConfigsRequest, DescribeConfigsResponse),
  AlterConfigs: api(AlterConfigsRequest, AlterConfigsResponse),
  AlterReplicaLogDirs: api(AlterReplicaLogDirsRequest, AlterReplicaLogDirsResponse),
  DescribeLogDirs: api(DescribeLogDirsRequest, DescribeLogDirsResponse),
  SaslAuthenticate: api(SaslAuthenticateRequest, SaslAuthenticateResponse),
  CreatePartitions: api(CreatePartitionsRequest, CreatePartitionsResponse),
  DeleteGroups: api(DeleteGroupsRequest, DeleteGroupsResponse),
  ElectLeaders: api(ElectLeadersRequest, ElectLeadersResponse),
  IncrementalAlterConfigs: api(IncrementalAlterConfigsRequest, IncrementalAlterConfigsResponse),
  AlterPartitionReassignments: api(AlterPartitionReassignmentsRequest, AlterPartitionReassignmentsResponse),
  ListPartitionReassignments: api(ListPartitionReassignmentsRequest, ListPartitionReassignmentsResponse),
  OffsetDelete: api(OffsetDeleteRequest, OffsetDeleteResponse),
  DescribeClientQuotas: api(DescribeClientQuotasRequest, DescribeClientQuotasResponse),
  AlterClientQuotas: api(AlterClientQuotasRequest, AlterClientQuotasResponse),
  DescribeUserScramCredentials: api(DescribeUserScramCredentialsRequest, DescribeUserScramCredentialsResponse),
  AlterUserScramCredentials: api(AlterUserScramCredentialsRequest, AlterUserScramCredentialsResponse),
  DescribeQuorum: api(DescribeQuorumRequest, DescribeQuorumResponse),
  UpdateFeatures: api(UpdateFeaturesRequest, UpdateFeaturesResponse),
  DescribeCluster: api(DescribeClusterRequest, DescribeClusterResponse),
  DescribeProducers: api(DescribeProducersRequest, DescribeProducersResponse),
  UnregisterBroker: api(UnregisterBrokerRequest, UnregisterBrokerResponse),
  ConsumerGroupDescribe: api(ConsumerGroupDescribeRequest, ConsumerGroupDescribeResponse),
  GetTelemetrySubscriptions: api(GetTelemetrySubscriptionsRequest, GetTelemetrySubscriptionsResponse),
  PushTelemetry: api(PushTelemetryRequest, PushTelemetryResponse),
  ListConfigResources: api(ListConfigResourcesRequest, ListConfigResourcesResponse),
  DescribeTopicPartitions: api(DescribeTopicPartitionsRequest, DescribeTopicPartitionsResponse),
  ShareGroupDescribe: api(ShareGroupDescribeRequest, ShareGroupDescribeResponse),
  StreamsGroupDescribe: api(StreamsGroupDescribeRequest, StreamsGroupDescribeResponse),
  DescribeShareGroupOffsets: api(DescribeShareGroupOffsetsRequest, DescribeShareGroupOffsetsResponse),
} as const

export const apiByKey: ReadonlyMap<number, Api> = new Map(Object.values(apis).map((a) => [a.key, a as Api]))
