/**
 * What of the public interface of client and consumer the simulation draws, and what it does not, with the reason.
 * The keys come from the types: what is added there has to be listed here before the build passes.
 */
import type { Broker } from '@tidemark/broker'
import type { Groups, KafkaOptions, OutgoingMessage, Producer, ProducerOptions, ReadOptions, Topics } from '@tidemark/client'
import type {
  AssignorName,
  BatchContext,
  BatchSettings,
  CommitMode,
  CommitOptions,
  Consumer,
  ConsumerEvent,
  ConsumerOptions,
  Context,
  EachSettings,
  Exhausted,
  MessagesSettings,
  Order,
  OutOfRange,
  RunOptions,
} from '@tidemark/consumer'
import type { OwnErrorCode } from '@tidemark/platform'
import type { NodeMoment, NodeVerb } from './nodes.ts'

/** Drawn; or the reason why not. */
export type Drawn = true | string

export const consumerOptions: Record<keyof ConsumerOptions, Drawn> = {
  group: true,
  startFrom: true,
  outOfRange: true,
  commit: true,
  assignors: true,
  instanceId: true,
  sessionTimeoutMs: true,
  heartbeatIntervalMs: true,
  rebalanceTimeoutMs: true,
  shutdownTimeoutMs: true,
  waitingRecordsMax: true,
  uncommittedRecordsMax: true,
  bufferBytesMax: true,
  startAt: true,
  topicsIntervalMs: true,
  isolation: true,
  fetchBytesMax: true,
  partitionBytesMax: true,
  fetchWaitMaxMs: true,
  fetchBytesMin: true,
  rack: true,
  startTimeoutMs: true,
}

export const commitOptions: Record<keyof CommitOptions, Drawn> = {
  mode: true,
  intervalMs: true,
  recordsMax: true,
  completionMap: true,
  timeoutMs: true,
}

export const runOptions: Record<keyof RunOptions, Drawn> = { signal: true }

export const eachSettings: Record<keyof EachSettings, Drawn> = {
  order: true,
  concurrency: true,
  retry: true,
  exhausted: true,
  poison: 'poison.e2e.test.ts kills real processes',
  timeoutMs: true,
  timeoutGraceMs: true,
  store: true,
}

export const messagesSettings: Record<keyof MessagesSettings, Drawn> = { signal: true, exhausted: true }

export const batchSettings: Record<keyof BatchSettings, Drawn> = {
  recordsMax: true,
  waitMaxMs: true,
  concurrency: true,
  retry: true,
  exhausted: true,
  poison: 'poison.e2e.test.ts kills real processes',
  timeoutMs: true,
  timeoutGraceMs: true,
  store: true,
}

/** Words that options take: `option=word`. */
type WordOf<Option extends string, Word extends string> = Record<`${Option}=${Word}`, Drawn>
export const consumerWords: WordOf<'outOfRange', OutOfRange> & WordOf<'assignors', AssignorName> = {
  'outOfRange=fail': true,
  'outOfRange=earliest': true,
  'outOfRange=latest': true,
  'assignors=cooperative-sticky': true,
  'assignors=range': true,
  'assignors=roundrobin': true,
}
export const eachWords: WordOf<'order', Order> & WordOf<'exhausted', Extract<Exhausted, string> | 'deadLetter'> = {
  'order=partition': true,
  'order=key': true,
  'order=none': true,
  'exhausted=stop': true,
  'exhausted=skip': true,
  'exhausted=deadLetter': true,
}
export const commitWords: WordOf<'mode', CommitMode> = { 'mode=processed': true, 'mode=delivered': true, 'mode=manual': true }

export const consumerMembers: Record<Exclude<keyof Consumer, symbol>, Drawn> = {
  each: true,
  batches: true,
  messages: true,
  use: true,
  metrics: true,
  group: 'the name that was given',
  replay: true, // dry; the others are in replay.e2e.test.ts
  run: true,
  seek: true,
  pause: true,
  resume: true,
  commit: true,
  positions: true,
  explain: true,
  events: true,
  close: true,
}

export const contextMembers: Record<keyof Context, Drawn> = {
  id: true,
  attempt: true,
  attemptsMax: true,
  signal: true,
  skip: true,
  deadLetter: true,
  commit: true,
}
export const batchContextMembers: Record<keyof BatchContext, Drawn> = { ...contextMembers }

export const events: Record<ConsumerEvent['kind'], Drawn> = {
  joined: true,
  assigned: true,
  ended: true,
  committed: true,
  commitRefused: true,
  retrying: true,
  skipped: true,
  deadLettered: true,
  deadLetterFailed: 'a producer waits for its topic and its broker for longer than they are away; dead-letters.e2e.test.ts',
  stopped: true,
  fenced: 'a member learns of its loss from the group before its store says so, but at odd moments; exactly-once.e2e.test.ts',
  outOfRange: true,
  seeked: true,
  truncated: true,
  requestFailed: true,
  topicMissing: 'a topic is seldom away for the two seconds after which it is looked for; promise.e2e.test.ts',
  eventsDropped: 'a run has fewer than the ten thousand unread events that it takes',
}

export const kafkaOptions: Record<keyof KafkaOptions, Drawn> = {
  brokers: true,
  clientId: true,
  tls: 'the simulated network carries plain bytes; e2e tests',
  sasl: 'the simulated cluster asks nobody who they are; e2e tests',
  connectionIdleMs: 'longer than a run',
  connectTimeoutMs: true,
  requestTimeoutMs: true,
  retry: true,
  metadataMaxAgeMs: true,
  frameBytesMax: 'what is larger is refused in the frame reader, which has tests of its own',
  requestsInFlightMax: 'the contract tests of the producer draw it',
  requestsPendingMax: 'a thousand requests are more than a run sends at once',
  logger: true,
  platform: true,
}

export const producerOptions: Record<keyof ProducerOptions, Drawn> = {
  acks: true,
  compression: true,
  lingerMs: true,
  batchBytesMax: true,
  recordBytesMax: 'a record that is too large is refused before it is sent; unit tests',
  requestBytesMax: 'unit tests',
  bufferBytesMax: 'a producer that waits for room: the chaos tests of the client',
  sendsWaitingMax: 'unit tests',
  maxBlockMs: true,
  autoCreate: 'the broker of the simulation does not create topics automatically',
  topicWaitMs: 'left at its default: topics are there early',
  deliveryTimeoutMs: true,
  idempotent: true,
  partitioner: true,
}

export const producerWords: WordOf<'acks', NonNullable<ProducerOptions['acks']>> &
  WordOf<'compression', NonNullable<ProducerOptions['compression']>> = {
  'acks=all': true,
  'acks=leader': true,
  'acks=none': true,
  'compression=none': true,
  'compression=gzip': true,
  'compression=snappy': true,
  'compression=lz4': true,
  'compression=zstd': true,
}

export const outgoing: Record<keyof OutgoingMessage, Drawn> = {
  key: true,
  value: true,
  headers: true,
  partition: true,
  timestampMs: true,
}

export const producerMembers: Record<Exclude<keyof Producer, symbol>, Drawn> = { send: true, flush: true, close: true }

export const readOptions: Record<keyof ReadOptions, Drawn> = {
  from: true,
  to: true,
  partitions: true,
  isolation: true,
  signal: 'the loop is left early instead; unit tests abort it',
  bufferBytesMax: true,
  checkCrc: true,
}

const administration = 'administration: e2e tests against the broker, and Kafka’s own tools (conformance)'

export const topicsMembers: Record<keyof Topics, Drawn> = {
  create: true,
  list: true,
  describe: true,
  delete: true,
  offsets: true,
  describeConfigs: administration,
  alter: administration,
  addPartitions: administration,
  deleteRecords: administration,
}
export const groupsMembers: Record<keyof Groups, Drawn> = {
  list: true,
  describe: true,
  offsets: true,
  delete: administration,
  setOffsets: administration,
  resetOffsets: administration,
  deleteOffsets: administration,
}

/** What a broker that is several nodes can be told. */
export const brokerMembers: Record<Extract<keyof Broker, 'stopNode' | 'startNode' | 'moveLeader'>, Drawn> = {
  stopNode: true,
  startNode: true,
  moveLeader: true,
}
export const nodeCounts: Record<'1' | '2' | '3' | 'racks' | 'one is gone', Drawn> = {
  1: true,
  2: true,
  3: true,
  racks: true,
  'one is gone': true,
}
export const nodeVerbs: Record<NodeVerb, Drawn> = {
  'stop a node': true,
  'stop the coordinator': true,
  'restart the nodes in turn': true,
  'move a leader': true,
  'move leaders again and again': true,
  'move the coordinator': true,
  'elect the preferred leaders': true,
  reassign: true,
  'cut a node off': true,
  'slow a node down': true,
}
/** When they are drawn, beside any time. */
export const nodeMoments: Record<NodeMoment, Drawn> = {
  join: true,
  sync: true,
  commit: true,
  send: true,
  fetch: true,
  handler: true,
}
/** What a node refuses that does not lead or coordinate. */
export const refusedElsewhere: Record<string, Drawn> = {
  Produce: true,
  Fetch: true,
  ListOffsets: true,
  JoinGroup: true,
  SyncGroup: true,
  Heartbeat: true,
  OffsetCommit: true,
  OffsetFetch: true,
  OffsetForLeaderEpoch: 'only if the moment is right: seen in long runs',
  LeaveGroup: 'only if the moment is right: seen in long runs',
}

const misuse = 'misuse that is refused at once; unit tests'
const elsewhere = 'not an error of the consumer or of its client'
const unmet = 'nothing in the simulated world leads to it'
const atOddMoments = 'only if the moment is right: seen in long runs'

/** With what a call of the consumer, or `run()`, rejects. */
export const errorCodes: Record<OwnErrorCode | 'OFFSET_OUT_OF_RANGE', Drawn> = {
  ABORTED: true,
  ADDRESS_IN_USE: elsewhere,
  ADDRESS_UNAVAILABLE: elsewhere,
  ALREADY_RUNNING: misuse,
  BROKER_FAILED: elsewhere,
  BUFFER_FULL: unmet,
  CLOSED: true,
  CLOSE_IN_HANDLER: true,
  COMMIT_FAILED: true,
  COMMIT_FENCED: true,
  CONNECTION_LOST: atOddMoments,
  CRASH_TEST_FAILED: elsewhere,
  CORRUPT_BATCH: 'bytes arrive as they were sent, or not at all',
  DECODE_FAILED: 'records are handled as bytes; shapes.e2e.test.ts',
  DELIVERY_TIMED_OUT: elsewhere,
  DEMO_FAILED: elsewhere,
  FALLBACK_NOT_ACCEPTED: elsewhere,
  FENCED: 'a refusal of a store, which the consumer works around',
  FETCH_FAILED: unmet,
  IN_PROGRESS: elsewhere,
  LOCK_LOST: elsewhere,
  LOCK_TIMED_OUT: elsewhere,
  FOLDER_IN_USE: elsewhere,
  FRAME_TOO_LARGE: unmet,
  GHOST_CONSUMER: elsewhere,
  GRADUATION_FAILED: elsewhere,
  GROUP_ACTIVE: elsewhere,
  DEAD_LETTER_FAILED: 'a dead letter that no retry can write: e2e tests',
  HANDLER_FAILED: true,
  HANDLER_STUCK: true,
  HANDLER_TIMED_OUT: 'a cause that events carry, never a rejection of a call',
  INTERRUPTED: elsewhere,
  INVALID_ADDRESS: misuse,
  INVALID_ARGUMENT: misuse,
  INVALID_MESSAGE: elsewhere,
  INVALID_OPTION: misuse,
  INVALID_TOPIC: misuse,
  KILLED_PROCESS: 'a cause that events carry, never a rejection of a call',
  LOG_DAMAGED: elsewhere,
  LOG_TRUNCATED: 'only with outOfRange fail, where a lost record is for the user to decide: the consumer does not go on without a seek',
  MEMORY_FULL: unmet,
  MOVE_INCOMPLETE: elsewhere,
  NOTHING_TO_DO: misuse,
  NOT_ASSIGNED: true,
  NOT_A_DATA_FOLDER: elsewhere,
  NOT_RUNNING: misuse,
  NO_DEAD_LETTERS: misuse,
  NO_COMMITTED_OFFSET: 'startFrom fail would never start; unit tests',
  OFFSET_OUT_OF_RANGE: 'only with outOfRange fail, where the committed offset stays outside of the log until the user moves it',
  OUTPUT_CLOSED: elsewhere,
  OUTPUT_FAILED: elsewhere,
  PAGE_MISSING: elsewhere,
  PARTITIONER_FAILED: elsewhere,
  PLAN_DAMAGED: elsewhere,
  PLAN_EXPIRED: elsewhere,
  PLAN_STALE: elsewhere,
  PROFILE_READ_ONLY: elsewhere,
  PROTOCOL_ERROR: unmet,
  REDRIVE_FAILED: elsewhere,
  RECORD_TOO_LARGE: elsewhere,
  SEND_FAILED: elsewhere,
  START_AT_FAILED: 'a startAt that throws; unit tests',
  STORAGE_FAILED: elsewhere,
  STORE_FAILED: 'a database that refuses; unit tests',
  STORE_UNAVAILABLE: "tried again for as long as the partition is the member's",
  STUCK: 'a failure that supervise() tells of; its own tests',
  TLS_FAILED: 'the simulated network carries plain bytes; e2e tests',
  UNAUTHORIZED: 'the simulated cluster asks nobody who they are; e2e tests',
  TIMED_OUT: atOddMoments,
  TOO_MANY_REQUESTS: unmet,
  TOPIC_EXISTS: elsewhere,
  TOPIC_REPLACED: true,
  UNKNOWN_BOOKMARK: elsewhere,
  UNKNOWN_FORMAT: elsewhere,
  UNKNOWN_GROUP: elsewhere,
  UNKNOWN_MOVE: elsewhere,
  UNKNOWN_PARTITION: unmet,
  UNKNOWN_TOPIC: atOddMoments,
  UNREACHABLE: atOddMoments,
  UNSUPPORTED_GROUP_TYPE: elsewhere,
  HISTORY_UNREADABLE: elsewhere,
  USAGE: elsewhere,
  WORKER_CRASHED: 'threads are not simulated; workers.e2e.test.ts',
}

/** By the area under which the world counts them. */
export const interfaces: Readonly<Record<string, Readonly<Record<string, Drawn>>>> = {
  ConsumerOptions: { ...consumerOptions, ...consumerWords },
  CommitOptions: { ...commitOptions, ...commitWords },
  RunOptions: runOptions,
  EachSettings: { ...eachSettings, ...eachWords },
  BatchSettings: batchSettings,
  MessagesSettings: messagesSettings,
  topics: { 'a name': true, 'a pattern': true },
  messages: { left: true },
  Consumer: consumerMembers,
  Context: contextMembers,
  BatchContext: batchContextMembers,
  ConsumerEvent: events,
  KafkaOptions: kafkaOptions,
  ProducerOptions: { ...producerOptions, ...producerWords },
  OutgoingMessage: outgoing,
  Producer: producerMembers,
  ReadOptions: readOptions,
  Topics: topicsMembers,
  Groups: groupsMembers,
  TidemarkErrorCode: errorCodes,
  Broker: brokerMembers,
  nodes: nodeCounts,
  node: nodeVerbs,
  moment: nodeMoments,
  'refused by another node': refusedElsewhere,
}
