/** A Kafka client: producer, bounded reads, admin, and the handle on a cluster that they share. */
export { type OwnErrorCode, TidemarkError, type TidemarkErrorCode } from '@tidemark/platform'
export type { Header } from '@tidemark/protocol'
export type { Acl, AclFilter, Acls } from './admin/acls.ts'
export { type Admin, createAdmin } from './admin/admin.ts'
export type {
  ActiveProducer,
  ClusterDescription,
  ClusterFeature,
  ClusterInfo,
  ClusterNode,
  LogDir,
  QuorumDescription,
  QuorumReplica,
} from './admin/cluster-info.ts'
export type {
  AlterConfigsOptions,
  ConfigChange,
  ConfigChanges,
  ConfigEntry,
  ConfigResource,
  ConfigResourceType,
  ConfigSource,
  ConfigSynonym,
  Configs,
  ConfigValueType,
} from './admin/configs.ts'
export type { OffsetToSet, ResetOffset, ResetOffsetsOptions } from './admin/group-offsets.ts'
export type { GroupDescription, GroupListing, GroupMember, Groups } from './admin/groups.ts'
export type { AddPartitionsOptions, DeletedRecords, DeleteRecordsOptions } from './admin/partitions.ts'
export type { AlterQuotasOptions, Quota, QuotaEntity, Quotas } from './admin/quotas.ts'
export type { CreatedTopic, CreateTopicOptions, TopicOffset, TopicOffsetsOptions, Topics } from './admin/topics.ts'
export type { RemoveUserOptions, ScramUser, SetPasswordOptions, UserMechanism, Users } from './admin/users.ts'
export type { ListedOffset, OffsetSpec } from './cluster/list-offsets.ts'
export type { CallLimits } from './cluster/retrying.ts'
export type { Isolation, TopicView } from './cluster/types.ts'
export type { DiagnosticsChannel, Logger, LogLevel, Report } from './diagnostics.ts'
export type { CommittedOffset } from './groups/offset-fetch.ts'
export { createKafka, type Kafka } from './kafka.ts'
export { bytes, double, int, json, long, nullable, text, uuid } from './messages/codecs.ts'
export type { BytesJson, Message, MessageJson, ReceivedMessage } from './messages/message.ts'
export type { Offset } from './messages/offset.ts'
export { type SchemaIssue, SchemaMismatch, type SchemaResult, type StandardSchema } from './messages/standard-schema.ts'
export {
  type Bytes,
  type Codec,
  type Decoder,
  type Encoder,
  type ReadableTopic,
  type Topic,
  type TopicCodecs,
  type TopicName,
  type TypedTopic,
  topic,
} from './messages/topic.ts'
export type { TopicPartition } from './messages/topic-partition.ts'
export type { KafkaOptions } from './options.ts'
export { createProducer, type Producer } from './produce/producer.ts'
export type { Acks, OutgoingMessage, Partitioner, PartitionerInput, ProducerOptions, SendResult } from './produce/types.ts'
export { read } from './read/read.ts'
export type { ReadOptions } from './read/types.ts'
export {
  type ClientProperties,
  type ClientPropertiesOptions,
  clientProperties,
  readClientProperties,
} from './security/client-properties.ts'
export { type OidcOptions, oidc } from './security/oidc.ts'
export type { OAuthBearerOptions, PlainOptions, SaslOptions, ScramOptions, TlsOptions, Token } from './security/options.ts'
