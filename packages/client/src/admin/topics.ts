/** Topics: create, list, describe, delete, and where their logs begin and end. */
import { TidemarkError, type TidemarkErrorCode } from '@tidemark/platform'
import { apis, ErrorCode, type ErrorName, errorOf } from '@tidemark/protocol'
import { type Cluster, isLost } from '../cluster/cluster.ts'
import type { TopicView } from '../cluster/types.ts'
import { pause } from '../connect/abortable.ts'
import { backoffMs } from '../connect/backoff.ts'
import type { Isolation } from '../fetch/types.ts'
import type { Offset } from '../messages/offset.ts'
import { nameOf, type TopicName } from '../messages/topic.ts'
import { type FoundOffset, listOffsets, type Place, refusedTopic } from '../offsets/list-offsets.ts'

export interface CreateTopicOptions {
  /** Default: the broker's `num.partitions`. */
  readonly partitions?: number
  /** Default: the broker's `default.replication.factor`. */
  readonly replicationFactor?: number
  /** Kafka's settings of topics, such as `{ 'cleanup.policy': 'compact' }`. */
  readonly configs?: Readonly<Record<string, string | null>>
  /** Only asks whether it could be created. */
  readonly validateOnly?: boolean
  readonly signal?: AbortSignal
}

export interface CreatedTopic {
  readonly name: string
  /** 32 hexadecimal digits; all zero: the broker is too old to tell. */
  readonly id: string
  /** -1: the broker is too old to tell. */
  readonly partitions: number
  readonly replicationFactor: number
}

export interface TopicOffset extends FoundOffset {
  readonly offset: Offset
}

export interface TopicOffsetsOptions {
  /** Default: all. */
  readonly partitions?: readonly number[]
  readonly isolation?: Isolation
  readonly signal?: AbortSignal
}

export interface Topics {
  /** Rejects with `TidemarkError`: TOPIC_EXISTS, INVALID_TOPIC, INVALID_PARTITIONS, INVALID_CONFIG, … */
  create(topic: TopicName, options?: CreateTopicOptions): Promise<CreatedTopic>
  /** By name, the internal ones too. */
  list(options?: { readonly signal?: AbortSignal }): Promise<readonly TopicView[]>
  /** Rejects with `TidemarkError` UNKNOWN_TOPIC. */
  describe(topic: TopicName, options?: { readonly signal?: AbortSignal }): Promise<TopicView>
  /** Rejects with `TidemarkError` UNKNOWN_TOPIC. */
  delete(topic: TopicName, options?: { readonly signal?: AbortSignal }): Promise<void>
  /**
   * In the order of the partitions; the time is a Date, or milliseconds since 1970. Where no record is at or after it, the offset is
   * the end of the log and `timestampMs` is -1. Rejects with `TidemarkError` UNKNOWN_TOPIC or UNKNOWN_PARTITION.
   */
  offsets(topic: TopicName, at: Place | number, options?: TopicOffsetsOptions): Promise<readonly TopicOffset[]>
}

/** From this version on the broker has defaults for partitions and replication. */
const DEFAULTS_FROM = 4
/** From this version on DeleteTopics takes names beside ids, in another field. */
const NAMES_APART_UNTIL = 5

export function topicsOf(cluster: Cluster): Topics {
  return {
    async create(topic, options = {}) {
      const name = nameOf(topic)
      const { partitions = -1, replicationFactor = -1, validateOnly = false, signal } = options
      const configs = Object.entries(options.configs ?? {}).map(([key, value]) => ({ name: key, value }))
      const answer = await askController(cluster, 'CreateTopics', signal, async (node) => {
        const body = (version: number) => {
          const fallback = version < DEFAULTS_FROM ? 1 : -1
          const numPartitions = partitions === -1 ? fallback : partitions
          const factor = replicationFactor === -1 ? fallback : replicationFactor
          const wish = { name, numPartitions, replicationFactor: factor, assignments: [], configs }
          return { topics: [wish], timeoutMs: cluster.options.requestTimeoutMs, validateOnly }
        }
        const { body: answered } = await cluster.send(apis.CreateTopics, body, { node, purpose: 'admin', signal })
        return answered.topics[0] ?? { errorCode: -1, errorMessage: 'the answer is empty' }
      })
      if (answer.errorCode !== 0) throw refusedCreation(name, answer.errorCode, answer.errorMessage)
      cluster.invalidate(name)
      if (!('topicId' in answer)) throw refusedCreation(name, -1, null)
      return { name, id: answer.topicId, partitions: answer.numPartitions, replicationFactor: answer.replicationFactor }
    },

    async list({ signal } = {}) {
      const all = await cluster.allTopics(signal)
      return [...all].sort((a, b) => (a.name < b.name ? -1 : 1))
    },

    async describe(topic, { signal } = {}) {
      const name = nameOf(topic)
      cluster.invalidate(name)
      const view = (await cluster.topics([name], { signal })).get(name)!
      if (view.errorCode !== 0) throw refusedTopic(name, view.errorCode)
      return view
    },

    async delete(topic, { signal } = {}) {
      const name = nameOf(topic)
      const answer = await askController(cluster, 'DeleteTopics', signal, async (node) => {
        const timeoutMs = cluster.options.requestTimeoutMs
        const body = (version: number) =>
          version <= NAMES_APART_UNTIL ? { topicNames: [name], timeoutMs } : { topics: [{ name, topicId: NO_ID }], timeoutMs }
        const { body: answered } = await cluster.send(apis.DeleteTopics, body, { node, purpose: 'admin', signal })
        return answered.responses[0] ?? { errorCode: -1 }
      })
      if (answer.errorCode !== 0) throw refusedTopic(name, answer.errorCode)
      cluster.invalidate(name)
    },

    async offsets(topic, at, { partitions, isolation, signal } = {}) {
      const name = nameOf(topic)
      const place = typeof at === 'number' ? new Date(at) : at
      const chosen = partitions ?? (await this.describe(name, signal === undefined ? {} : { signal })).partitions.map((p) => p.partition)
      const options = { signal, ...(isolation === undefined ? {} : { isolation }) }
      const found = await listOffsets(
        cluster,
        chosen.map((partition) => ({ topic: name, partition, at: place })),
        options,
      )
      const none = found.filter((f) => f.offset === undefined)
      const ends = await listOffsets(
        cluster,
        none.map(({ partition }) => ({ topic: name, partition, at: 'latest' as const })),
        options,
      )
      return found.map((f) => ({ ...f, offset: f.offset ?? ends[none.indexOf(f)]?.offset ?? (0 as Offset) }))
    },
  }
}

const NO_ID = '00000000000000000000000000000000'

/** Asks the controller, or any node while it is not known (which passes the request on), until the answer is one to keep. */
async function askController<T extends { readonly errorCode: number }>(
  cluster: Cluster,
  what: string,
  signal: AbortSignal | undefined,
  attempt: (node: number | 'any') => Promise<T>,
): Promise<T> {
  const { clock, random } = cluster.options.platform
  const deadlineMs = clock.monotonic() + cluster.options.requestTimeoutMs
  for (let failures = 1; ; failures++) {
    const controller = cluster.nodes().find((n) => n.nodeId === cluster.controllerId)
    try {
      const answer = await attempt(controller?.nodeId ?? 'any')
      const { name } = errorOf(answer.errorCode)
      if (name !== 'NOT_CONTROLLER' || clock.monotonic() >= deadlineMs) return answer
    } catch (error) {
      // Once the request may have been done, "exists already" and "is not there" would be told about our own deed.
      if (!isLost(error) || error.code !== 'UNREACHABLE' || controller === undefined || clock.monotonic() >= deadlineMs) throw error
    }
    await pause(clock, backoffMs(random, cluster.options.retry, failures), what, signal)
    await cluster.refresh([])
  }
}

const CREATION_CODES: Partial<Record<ErrorName, TidemarkErrorCode>> = {
  TOPIC_ALREADY_EXISTS: 'TOPIC_EXISTS',
  INVALID_TOPIC_EXCEPTION: 'INVALID_TOPIC',
}

function refusedCreation(topic: string, errorCode: number, told: string | null | undefined): TidemarkError {
  const { name } = errorOf(errorCode)
  if (errorCode === ErrorCode.TOPIC_ALREADY_EXISTS) {
    return new TidemarkError('TOPIC_EXISTS', `topic '${topic}' is there already; see it with: tidemark topic describe ${topic}`, { topic })
  }
  return new TidemarkError(CREATION_CODES[name] ?? name, `topic '${topic}' cannot be created: ${told ? `${name}: ${told}` : name}`, {
    topic,
  })
}
