/** Reads the group protocol off the wire and tells what it means: the world's independent view of members and broker. */
import { finishedIn } from '@tidemark/consumer'
import {
  type Api,
  apiByKey,
  apis,
  ConsumerProtocolAssignment,
  ConsumerProtocolSubscription,
  codecOf,
  decodeRequest,
  decodeResponse,
  ErrorCode,
  errorOf,
  type JoinGroupRequest,
  type JoinGroupResponse,
  type OffsetCommitRequest,
  type OffsetCommitResponse,
  type OffsetFetchResponse,
  peekRequest,
  peekResponse,
  Reader,
  type SyncGroupRequest,
  type SyncGroupResponse,
} from '@tidemark/protocol'
import type { Fact, FinishedIn } from './facts.ts'
import type { Tap } from './machine/network.ts'
import type { Process } from './machine/process.ts'

interface Exchange {
  readonly api: Api
  readonly version: number
  readonly body: unknown
  /** For a commit: the newest generation that the broker had told of when the request arrived. */
  current: number
}

const WATCHED: ReadonlySet<number> = new Set([
  apis.JoinGroup.key,
  apis.SyncGroup.key,
  apis.Heartbeat.key,
  apis.LeaveGroup.key,
  apis.OffsetCommit.key,
  apis.OffsetFetch.key,
])
const OUT: ReadonlySet<number> = new Set([ErrorCode.UNKNOWN_MEMBER_ID, ErrorCode.ILLEGAL_GENERATION, ErrorCode.FENCED_INSTANCE_ID])

export class Wiretap implements Tap {
  readonly #tell: (fact: Fact) => void
  readonly #exchanges = new Map<string, Exchange>()
  /** Members that wait for the answer to a JoinGroup, by its connection and correlation id. */
  readonly #joining = new Map<Process, string>()
  /** The generation that each member last got from a JoinGroup. */
  readonly #generations = new Map<Process, number>()
  /** Members whose generation was made before the broker crashed: it may have been taken back, and the group be in the one before. */
  readonly #fromBeforeCrash = new Set<Process>()
  #current = -1

  constructor(tell: (fact: Fact) => void) {
    this.#tell = tell
  }

  brokerCrashed(): void {
    // Answers that were on their way still arrive.
    this.#current = -1
    for (const member of this.#generations.keys()) this.#fromBeforeCrash.add(member)
  }

  sent(client: Process, connection: number, frame: Buffer): void {
    const { apiKey, apiVersion, correlationId } = peekRequest(frame)
    if (!WATCHED.has(apiKey)) return
    const api = apiByKey.get(apiKey)!
    const { body } = decodeRequest(api, apiVersion, frame)
    this.#exchanges.set(`${connection}/${correlationId}`, { api, version: apiVersion, body, current: -1 })
    if (api.key === apis.JoinGroup.key) {
      this.#joining.set(client, `${connection}/${correlationId}`)
      this.#tell({ kind: 'joinSent', process: client, owned: ownedIn(body as JoinGroupRequest) })
    } else if (api.key === apis.LeaveGroup.key) this.#tell({ kind: 'leaveSent', process: client })
    else if (api.key === apis.OffsetCommit.key) {
      const commit = body as OffsetCommitRequest
      const finished = commit.topics.flatMap((t) => t.partitions.flatMap((p) => finishedOf(p.partitionIndex, p.committedMetadata)))
      const { generationIdOrMemberEpoch: generation } = commit
      this.#tell({ kind: 'commitSent', process: client, generation, offsets: offsetsOf(commit), finished })
    }
  }

  arrived(_client: Process, connection: number, frame: Buffer): void {
    const exchange = this.#exchanges.get(`${connection}/${peekRequest(frame).correlationId}`)
    if (exchange !== undefined) exchange.current = this.#current
  }

  decided(client: Process, connection: number, frame: Buffer): void {
    const exchange = this.#exchanges.get(`${connection}/${peekResponse(frame)}`)
    if (exchange === undefined) return
    const { api, version, body } = exchange
    const answer = decodeResponse(api, version, frame)
    if (api.key === apis.JoinGroup.key) this.#joinDecided(answer as JoinGroupResponse)
    else if (api.key === apis.SyncGroup.key) this.#syncDecided(body as SyncGroupRequest, answer as SyncGroupResponse)
    else if (api.key === apis.OffsetCommit.key) this.#commitDecided(client, exchange, answer as OffsetCommitResponse)
    else if (api.key === apis.OffsetFetch.key) this.#fetchDecided(answer as OffsetFetchResponse)
  }

  #joinDecided(answer: JoinGroupResponse): void {
    if (answer.errorCode !== 0) return
    this.#current = Math.max(this.#current, answer.generationId)
    this.#tell({ kind: 'joinDecided', generation: answer.generationId, memberId: answer.memberId })
  }

  #syncDecided(request: SyncGroupRequest, answer: SyncGroupResponse): void {
    if (answer.errorCode !== 0) return
    // A static member that came back in the same generation is the same member under another id (KIP-345).
    const member = request.groupInstanceId ?? request.memberId
    this.#tell({ kind: 'syncDecided', generation: request.generationId, member, partitions: assignedIn(answer) })
  }

  #fetchDecided(answer: OffsetFetchResponse): void {
    const known = placesIn(answer).filter((p) => p.committedOffset >= 0)
    if (known.length === 0) return
    this.#tell({ kind: 'commitKnown', offsets: new Map(known.map((p) => [p.partitionIndex, p.committedOffset])) })
  }

  #commitDecided(client: Process, exchange: Exchange, answer: OffsetCommitResponse): void {
    const request = exchange.body as OffsetCommitRequest
    const accepted = new Map<number, number>()
    const asked = offsetsOf(request)
    for (const t of answer.topics) {
      for (const p of t.partitions) if (p.errorCode === 0) accepted.set(p.partitionIndex, asked.get(p.partitionIndex)!)
    }
    if (accepted.size === 0) return
    const { generationIdOrMemberEpoch: generation } = request
    this.#tell({ kind: 'commitAccepted', process: client, generation, current: exchange.current, offsets: accepted })
  }

  answered(client: Process, connection: number, frame: Buffer): void {
    const id = `${connection}/${peekResponse(frame)}`
    const exchange = this.#exchanges.get(id)
    if (exchange === undefined) return
    this.#exchanges.delete(id)
    if (this.#joining.get(client) === id) this.#joining.delete(client)
    const { api, version, body } = exchange
    const answer: any = decodeResponse(api, version, frame)
    if (api.key === apis.OffsetFetch.key) {
      const places = placesIn(answer)
      const finished = places.flatMap((p) => finishedOf(p.partitionIndex, p.metadata))
      return this.#tell({ kind: 'placesKnown', process: client, partitions: places.map((p) => p.partitionIndex), finished })
    }
    if (api.key === apis.JoinGroup.key && answer.errorCode === 0) {
      this.#generations.set(client, answer.generationId)
      this.#fromBeforeCrash.delete(client)
    }
    if (api.key === apis.SyncGroup.key && answer.errorCode === 0) {
      const current = (body as SyncGroupRequest).generationId === this.#generations.get(client)
      if (current) this.#tell({ kind: 'syncAnswered', process: client, partitions: assignedIn(answer as SyncGroupResponse) })
    }
    // While a join is under way the group may have moved on with the member in it; and a generation that a crash took back was nobody else's.
    const mayBeIn = this.#joining.has(client) || this.#fromBeforeCrash.has(client)
    const out = (code: number): boolean => OUT.has(code) && !(code === ErrorCode.ILLEGAL_GENERATION && mayBeIn)
    const code = codesIn(answer).find(out)
    if (code !== undefined && generationIn(body) === this.#generations.get(client)) {
      this.#tell({ kind: 'lossKnown', process: client, error: errorOf(code).name })
    }
  }
}

const generationIn = (body: any): number | undefined => body.generationId ?? body.generationIdOrMemberEpoch

function codesIn(answer: Partial<OffsetCommitResponse> & { errorCode?: number }): number[] {
  if (answer.errorCode !== undefined) return [answer.errorCode]
  return (answer as OffsetCommitResponse).topics.flatMap((t) => t.partitions.map((p) => p.errorCode))
}

function offsetsOf(commit: OffsetCommitRequest): Map<number, number> {
  return new Map(commit.topics.flatMap((t) => t.partitions.map((p) => [p.partitionIndex, p.committedOffset] as const)))
}

const placesIn = (answer: OffsetFetchResponse) =>
  (answer.groups[0]?.topics ?? answer.topics).flatMap((t) => t.partitions.filter((p) => p.errorCode === 0))

function finishedOf(partition: number, metadata: string | null): FinishedIn[] {
  const finished = finishedIn(metadata ?? '')
  return finished === undefined ? [] : [{ partition, ...finished }]
}

function ownedIn(join: JoinGroupRequest): number[] {
  const bytes = join.protocols[0]?.metadata
  if (bytes === undefined) return []
  const r = new Reader(bytes)
  return codecOf(ConsumerProtocolSubscription, r.int16())
    .decode(r)
    .ownedPartitions.flatMap((t) => t.partitions)
}

function assignedIn(answer: SyncGroupResponse): number[] {
  if (answer.assignment.length === 0) return []
  const r = new Reader(answer.assignment)
  return codecOf(ConsumerProtocolAssignment, r.int16())
    .decode(r)
    .assignedPartitions.flatMap((t) => t.partitions)
}
