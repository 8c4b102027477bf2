/** Topics: create, list, describe, delete, and where their logs begin and end. */
import {
  checkOptions,
  checkPartition,
  countOption,
  describe,
  flagOption,
  TidemarkError,
  type TidemarkErrorCode,
  wordOption,
} from '@tidemark/platform'
import { apis, ErrorCode, type ErrorName, errorOf } from '@tidemark/protocol'
import type { Cluster } from '../cluster/cluster.ts'
import { checkOffsetSpec, type ListedOffset, listOffsets, type OffsetSpec } from '../cluster/list-offsets.ts'
import { type CallLimits, mayPass, retrying } from '../cluster/retrying.ts'
import { refusedTopic } from '../cluster/topic-errors.ts'
import { ISOLATIONS, type Isolation, type TopicView } from '../cluster/types.ts'
import type { Offset } from '../messages/offset.ts'
import { nameOf, type TopicName } from '../messages/topic.ts'
import { askController } from './ask.ts'
import { type AlterConfigsOptions, type ConfigChanges, type ConfigEntry, configsOf } from './configs.ts'
import { checkedLimits, LIMIT_NAMES, limitsOf } from './limits.ts'
import { type AddPartitionsOptions, addPartitions, type DeletedRecords, type DeleteRecordsOptions, deleteRecords } from './partitions.ts'

export interface CreateTopicOptions extends CallLimits {
  /** Default: the broker's `num.partitions`. */
  readonly partitions?: number
  /** Default: the broker's `default.replication.factor`. */
  readonly replicationFactor?: number
  /** Kafka's settings of topics, such as `{ 'cleanup.policy': 'compact' }`. */
  readonly configs?: Readonly<Record<string, string | null>>
  /** Only asks whether it could be created. */
  readonly validateOnly?: boolean
}

export interface CreatedTopic {
  readonly name: string
  /** 32 hexadecimal digits; all zero: the broker is too old to tell. */
  readonly id: string
  /** -1: the broker is too old to tell. */
  readonly partitions: number
  readonly replicationFactor: number
}

export interface TopicOffset extends ListedOffset {
  readonly offset: Offset
}

export interface TopicOffsetsOptions extends CallLimits {
  /** Default: all. */
  readonly partitions?: readonly number[]
  readonly isolation?: Isolation
}

/** Every call also rejects with INVALID_ARGUMENT, INVALID_OPTION, and with what `CallLimits` bring. */
export interface Topics {
  /** Rejects with `TidemarkError`: TOPIC_EXISTS, INVALID_TOPIC, INVALID_PARTITIONS, INVALID_CONFIG, … */
  create(topic: TopicName, options?: CreateTopicOptions): Promise<CreatedTopic>
  /** By name, the internal ones too. */
  list(options?: CallLimits): Promise<readonly TopicView[]>
  /** Rejects with `TidemarkError` UNKNOWN_TOPIC. */
  describe(topic: TopicName, options?: CallLimits): Promise<TopicView>
  /** Rejects with `TidemarkError` UNKNOWN_TOPIC. */
  delete(topic: TopicName, options?: CallLimits): Promise<void>
  /**
   * In the order of the partitions; a time is a Date, or milliseconds since 1970. Where no record is at or after it,
   * the offset is the end of the log and `timestampMs` is -1. Rejects with `TidemarkError` UNKNOWN_TOPIC or
   * UNKNOWN_PARTITION.
   */
  offsets(topic: TopicName, at: OffsetSpec | number, options?: TopicOffsetsOptions): Promise<readonly TopicOffset[]>
  /** Every configuration of the topic, by name, with where its value comes from. Rejects with UNKNOWN_TOPIC. */
  describeConfigs(topic: TopicName, options?: CallLimits): Promise<readonly ConfigEntry[]>
  /**
   * Sets single configurations; null puts one back to its default; `{ append }` and `{ subtract }` change a list. What
   * is not named stays. Rejects with `TidemarkError` UNKNOWN_TOPIC, INVALID_CONFIG.
   */
  alter(topic: TopicName, changes: ConfigChanges, options?: AlterConfigsOptions): Promise<void>
  /**
   * The topic has `count` partitions then, all together. Records of a key may go to another partition from then on.
   * Rejects with `TidemarkError` UNKNOWN_TOPIC, INVALID_PARTITIONS (it has as many, or more).
   */
  addPartitions(topic: TopicName, count: number, options?: AddPartitionsOptions): Promise<void>
  /**
   * Forgets all records below an offset of each partition: `'latest'` (all there are), a Date, or offsets by partition.
   * It cannot be undone. Resolves with where each log begins now. Rejects with `TidemarkError` UNKNOWN_TOPIC,
   * UNKNOWN_PARTITION, OFFSET_OUT_OF_RANGE, POLICY_VIOLATION (the topic is only compacted).
   */
  deleteRecords(
    topic: TopicName,
    before: OffsetSpec | Readonly<Record<number, number>>,
    options?: DeleteRecordsOptions,
  ): Promise<readonly DeletedRecords[]>
}

/** From this version on the broker has defaults for partitions and replication. */
const DEFAULTS_FROM = 4
/** Up to this version DeleteTopics takes names in a field of their own, and no ids. */
const NAMES_APART_UNTIL = 5
const NO_ID = '00000000000000000000000000000000'

export function topicsOf(cluster: Cluster): Topics {
  const lookUp = async (name: string, signal: AbortSignal): Promise<TopicView> => {
    cluster.invalidate(name)
    const view = (await cluster.topics([name], { signal })).get(name)!
    if (view.errorCode !== 0) throw refusedTopic(name, view.errorCode)
    return view
  }

  const configs = configsOf(cluster)

  return {
    async create(topic, options = {}) {
      const name = nameOf(topic)
      const wish = checkedCreation(options)
      const answer = await askController(cluster, `creating topic '${name}'`, checkedLimits(options), async (node, signal) => {
        const body = (version: number) => {
          const fallback = version < DEFAULTS_FROM ? 1 : -1
          const { partitions: numPartitions = fallback, replicationFactor = fallback, configs, validateOnly } = wish
          const asked = { name, numPartitions, replicationFactor, assignments: [], configs }
          return { topics: [asked], timeoutMs: cluster.options.requestTimeoutMs, validateOnly }
        }
        const { body: answered } = await cluster.send(apis.CreateTopics, body, { node, purpose: 'admin', signal })
        return answered.topics[0] ?? emptyAnswer('CreateTopics')
      })
      if (answer.errorCode !== 0) throw refusedCreation(name, answer.errorCode, answer.errorMessage)
      cluster.invalidate(name)
      return { name, id: answer.topicId, partitions: answer.numPartitions, replicationFactor: answer.replicationFactor }
    },

    async list(options = {}) {
      const limits = limitsOf('topics.list()', options)
      const all = await retrying(cluster, { what: 'listing topics', retries: mayPass, ...limits }, (signal) => cluster.allTopics(signal))
      return [...all].sort((a, b) => (a.name < b.name ? -1 : 1))
    },

    async describe(topic, options = {}) {
      const name = nameOf(topic)
      const limits = limitsOf('topics.describe()', options)
      return retrying(cluster, { what: `describing topic '${name}'`, retries: mayPass, ...limits }, (signal) => lookUp(name, signal))
    },

    async delete(topic, options = {}) {
      const name = nameOf(topic)
      const limits = limitsOf('topics.delete()', options)
      const answer = await askController(cluster, `deleting topic '${name}'`, limits, async (node, signal) => {
        const timeoutMs = cluster.options.requestTimeoutMs
        const body = (version: number) =>
          version <= NAMES_APART_UNTIL ? { topicNames: [name], timeoutMs } : { topics: [{ name, topicId: NO_ID }], timeoutMs }
        const { body: answered } = await cluster.send(apis.DeleteTopics, body, { node, purpose: 'admin', signal })
        return answered.responses[0] ?? emptyAnswer('DeleteTopics')
      })
      if (answer.errorCode !== 0) throw refusedTopic(name, answer.errorCode)
      cluster.invalidate(name)
    },

    async offsets(topic, at, options = {}) {
      const name = nameOf(topic)
      const spec = checkOffsetSpec('the place in the log', at)
      checkOptions<TopicOffsetsOptions>('topics.offsets()', options, { ...LIMIT_NAMES, partitions: true, isolation: true })
      const limits = checkedLimits(options)
      const isolation = wordOption('isolation', options.isolation ?? 'read_uncommitted', ISOLATIONS)
      const named = checkedPartitions(options.partitions)
      return retrying(cluster, { what: `listing the offsets of topic '${name}'`, retries: mayPass, ...limits }, async (signal) => {
        const partitions = named ?? (await lookUp(name, signal)).partitions.map((p) => p.partition)
        const find = (list: readonly number[], where: OffsetSpec) =>
          listOffsets(
            cluster,
            list.map((partition) => ({ topic: name, partition, at: where })),
            { signal, isolation, purpose: 'admin' },
          )
        const found = await find(partitions, spec)
        const none = found.filter((f) => f.offset === undefined)
        const ends = await find(
          none.map((f) => f.partition),
          'latest',
        )
        return found.map((f) => ({ ...f, offset: f.offset ?? ends[none.indexOf(f)]!.offset! }))
      })
    },

    describeConfigs: (topic, options) => configs.describe({ type: 'topic', name: nameOf(topic) }, options),
    alter: (topic, changes, options) => configs.alter({ type: 'topic', name: nameOf(topic) }, changes, options),
    addPartitions: (topic, count, options) => addPartitions(cluster, nameOf(topic), count, options),
    deleteRecords: (topic, before, options) => deleteRecords(cluster, nameOf(topic), before, options),
  }
}

const emptyAnswer = (api: string): never => {
  throw new TidemarkError('PROTOCOL_ERROR', `the answer to ${api} is empty`)
}

function checkedPartitions(partitions: unknown): readonly number[] | undefined {
  if (partitions === undefined) return undefined
  if (!Array.isArray(partitions)) {
    throw new TidemarkError('INVALID_OPTION', `option 'partitions' is ${describe(partitions)}; it must be an array of numbers`)
  }
  for (const [i, partition] of partitions.entries()) checkPartition(`partitions[${i}]`, partition)
  return partitions
}

function checkedCreation(options: CreateTopicOptions) {
  checkOptions<CreateTopicOptions>('topics.create()', options, {
    ...LIMIT_NAMES,
    partitions: true,
    replicationFactor: true,
    configs: true,
    validateOnly: true,
  })
  const { partitions, replicationFactor, configs = {} } = options
  if (partitions !== undefined) countOption('partitions', partitions, 1, 2 ** 31 - 1)
  if (replicationFactor !== undefined) countOption('replicationFactor', replicationFactor, 1, 2 ** 15 - 1)
  if (typeof configs !== 'object' || configs === null || Array.isArray(configs)) {
    throw new TidemarkError('INVALID_OPTION', `option 'configs' is ${describe(configs)}; it must be an object of texts`)
  }
  for (const [name, value] of Object.entries(configs)) {
    if (typeof value === 'string' || value === null) continue
    throw new TidemarkError('INVALID_OPTION', `option 'configs' has ${describe(value)} for '${name}'; a value is text, or null`)
  }
  return {
    partitions,
    replicationFactor,
    configs: Object.entries(configs).map(([name, value]) => ({ name, value })),
    validateOnly: flagOption('validateOnly', options.validateOnly ?? false),
  }
}

const CREATION_CODES: Partial<Record<ErrorName, TidemarkErrorCode>> = {
  TOPIC_ALREADY_EXISTS: 'TOPIC_EXISTS',
  INVALID_TOPIC_EXCEPTION: 'INVALID_TOPIC',
}

function refusedCreation(topic: string, errorCode: number, told: string | null | undefined): TidemarkError {
  const { name } = errorOf(errorCode)
  if (errorCode === ErrorCode.TOPIC_ALREADY_EXISTS) {
    return new TidemarkError('TOPIC_EXISTS', `topic '${topic}' exists already`, { topic })
  }
  return new TidemarkError(CREATION_CODES[name] ?? name, `topic '${topic}' cannot be created: ${told ? `${name}: ${told}` : name}`, {
    topic,
  })
}
