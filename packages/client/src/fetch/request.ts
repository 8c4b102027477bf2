/** The body of a Fetch, and what it requests, to match the answer with. */
import { type apis, type InferInput, ZERO_UUID } from '@tidemark/protocol'
import type { Isolation } from '../cluster/types.ts'
import { type AskedPartition, type FetchSession, type SessionRequest, sessionless } from './session.ts'
import type { FetchPosition, Tracked } from './tracked.ts'

export interface PartitionRequest<Claim> {
  readonly tracked: Tracked<Claim>
  readonly position: FetchPosition
  /** The node that it is sent to. */
  readonly nodeId: number
  /** Of the leader. */
  readonly epoch: number
}

export interface FetchSettings {
  readonly isolation: Isolation
  readonly rack: string
  readonly waitMs: number
  readonly bytesMin: number
  readonly bytesMax: number
  readonly partitionBytesMax: number
}

/** Up to here a Fetch names topics; from the next version on it takes their ids. */
const NAMES_UNTIL = 12

type FetchBody = InferInput<(typeof apis)['Fetch']['request']>

export class FetchCall<Claim> {
  readonly settings: FetchSettings
  /** By topic, then partition, in the order in which they are requested. */
  readonly #topics = new Map<string, Map<number, PartitionRequest<Claim>>>()
  readonly #nameById = new Map<string, string>()
  #idless = false

  constructor(settings: FetchSettings) {
    this.settings = settings
  }

  add(request: PartitionRequest<Claim>): void {
    const { topic, partition, topicId = ZERO_UUID } = request.tracked
    let partitions = this.#topics.get(topic)
    if (partitions === undefined) {
      partitions = new Map()
      this.#topics.set(topic, partitions)
      this.#nameById.set(topicId, topic)
      this.#idless ||= topicId === ZERO_UUID
    }
    partitions.set(partition, request)
  }

  *all(): Generator<PartitionRequest<Claim>> {
    for (const partitions of this.#topics.values()) yield* partitions.values()
  }

  /** The request for the partition of an answer; a topic is named by id or by name, by version. */
  requestFor(topic: string, topicId: string, partition: number): PartitionRequest<Claim> | undefined {
    return this.#topics.get(topic === '' ? (this.#nameById.get(topicId) ?? '') : topic)?.get(partition)
  }

  get versionMax(): { readonly versionMax?: number } {
    return this.#idless ? { versionMax: NAMES_UNTIL } : {}
  }

  /** In a session only what changed is named. */
  body(version: number, session: FetchSession | undefined): FetchBody {
    const { isolation, rack, waitMs, bytesMin, bytesMax } = this.settings
    const all = Array.from(this.all(), (request) => this.#asked(request))
    const { sessionId, sessionEpoch, asked, forgotten } = session?.next(all, version) ?? sessionless(all)
    return {
      maxWaitMs: waitMs,
      minBytes: bytesMin,
      maxBytes: bytesMax,
      isolationLevel: isolation === 'read_committed' ? 1 : 0,
      sessionId,
      sessionEpoch,
      topics: byTopic(asked),
      forgottenTopicsData: byTopic(forgotten).map((topic) => ({ ...topic, partitions: topic.partitions.map((p) => p.partition) })),
      rackId: rack,
    }
  }

  #asked({ tracked, position, epoch }: PartitionRequest<Claim>): AskedPartition {
    return {
      topic: tracked.topic,
      topicId: tracked.topicId ?? ZERO_UUID,
      partition: tracked.partition,
      currentLeaderEpoch: epoch,
      fetchOffset: position.offset,
      partitionMaxBytes: this.settings.partitionBytesMax,
    }
  }
}

/** Of the request that ends a session and asks for nothing. */
export const lastBody = ({ sessionId, sessionEpoch }: SessionRequest, isolation: Isolation, rack: string): FetchBody => ({
  maxWaitMs: 0,
  minBytes: 0,
  maxBytes: 0,
  isolationLevel: isolation === 'read_committed' ? 1 : 0,
  sessionId,
  sessionEpoch,
  topics: [],
  rackId: rack,
})

function byTopic(partitions: readonly AskedPartition[]) {
  const topics = new Map<string, { topic: string; topicId: string; partitions: AskedPartition[] }>()
  for (const one of partitions) {
    const { topic, topicId } = one
    const key = `${topicId} ${topic}`
    const known = topics.get(key)
    if (known === undefined) topics.set(key, { topic, topicId, partitions: [one] })
    else known.partitions.push(one)
  }
  return [...topics.values()]
}
