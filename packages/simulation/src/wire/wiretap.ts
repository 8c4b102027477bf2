/**
 * Reads the group protocol off the wire and tells what it means: the world's independent view of members and broker.
 */
import {
  type Api,
  apiByKey,
  apis,
  type CreateTopicsResponse,
  type DeleteTopicsRequest,
  type DeleteTopicsResponse,
  decodeRequest,
  decodeResponse,
  ErrorCode,
  errorOf,
  type FetchResponse,
  type JoinGroupRequest,
  type JoinGroupResponse,
  type ListOffsetsResponse,
  type MetadataResponse,
  type OffsetCommitRequest,
  type OffsetCommitResponse,
  type OffsetFetchResponse,
  type ProduceRequest,
  type ProduceResponse,
  peekRequest,
  peekResponse,
  type SyncGroupRequest,
  type SyncGroupResponse,
  ZERO_UUID,
} from '@tidemark/protocol'
import type { Process, Tap } from '@tidemark/testing/internal'
import { type Fact, type OfMember, placeOf } from '../facts.ts'
import { lettersIn } from './letters.ts'
import { acceptedIn, assignedIn, codesIn, committedIn, committingIn, finishedOf, generationIn, ownedIn } from './reading.ts'
import { TopicNames } from './topic-names.ts'

interface Exchange {
  readonly api: Api
  readonly version: number
  readonly body: any
  readonly sentMs: number
  /** For a commit: the newest generation of its group that the broker had told of when the request arrived. */
  current: number
}

const WATCHED: readonly Api[] = [
  apis.JoinGroup,
  apis.SyncGroup,
  apis.Heartbeat,
  apis.LeaveGroup,
  apis.OffsetCommit,
  apis.OffsetFetch,
  apis.ListOffsets,
  apis.CreateTopics,
  apis.DeleteTopics,
  apis.Metadata,
]
/** What they say counts from when the broker decides it. */
const OF_TOPICS: ReadonlySet<number> = new Set([apis.CreateTopics.key, apis.DeleteTopics.key, apis.Metadata.key])
const OUT: ReadonlySet<number> = new Set([
  ErrorCode.UNKNOWN_MEMBER_ID,
  ErrorCode.GROUP_ID_NOT_FOUND,
  ErrorCode.ILLEGAL_GENERATION,
  ErrorCode.FENCED_INSTANCE_ID,
])

export class Wiretap implements Tap {
  readonly names = new TopicNames()
  readonly #tell: (fact: Fact) => void
  readonly #watched: ReadonlySet<number>
  readonly #exchanges = new Map<string, Exchange>()
  /** Members that wait for the answer to a JoinGroup, by its connection and correlation id. */
  readonly #joining = new Map<Process, string>()
  /** The generation that each member last got from a JoinGroup. */
  readonly #generations = new Map<Process, number>()
  readonly #stableMs = new Map<Process, number>()
  /**
   * Members that were told of a rebalance, and have not joined since: a broker that starts again knows nothing of it.
   */
  readonly #rebalancing = new Set<Process>()
  /** Members whose group chose an assignor that takes everything away before it assigns. */
  readonly #eager = new Set<Process>()
  /** By group: the newest generation that the broker told anybody of. */
  readonly #current = new Map<string, number>()

  /**
   * `fetches`: answers to Fetch are read too, for what they say of positions outside of the log. `letters`: what is
   * produced is read too, for dead letters.
   */
  constructor(tell: (fact: Fact) => void, fetches: boolean, letters: boolean) {
    this.#tell = tell
    this.#watched = new Set([...WATCHED, ...(fetches ? [apis.Fetch] : []), ...(letters ? [apis.Produce] : [])].map((api) => api.key))
  }

  #stability(client: Process, api: number, errorCode: number, sentMs: number): void {
    if (errorCode === ErrorCode.REBALANCE_IN_PROGRESS) this.#rebalancing.add(client)
    if (errorCode !== 0) return
    if (api === apis.SyncGroup.key) this.#rebalancing.delete(client)
    if (this.#rebalancing.has(client)) return
    this.#stableMs.set(client, sentMs)
    this.#tell({ kind: 'stableKnown', process: client, atMs: sentMs })
  }

  brokerCrashed(): void {
    this.#current.clear()
  }

  opened(): void {}

  sent(client: Process, connection: number, frame: Buffer): void {
    const { apiKey, apiVersion, correlationId } = peekRequest(frame)
    if (!this.#watched.has(apiKey)) return
    const api = apiByKey.get(apiKey)!
    const { body } = decodeRequest(api, apiVersion, frame)
    this.#exchanges.set(`${connection}/${correlationId}`, {
      api,
      version: apiVersion,
      body,
      sentMs: client.platform.clock.monotonic(),
      current: -1,
    })
    const stableMs = this.#stableMs.get(client) ?? Number.NEGATIVE_INFINITY
    const of = { process: client, group: (body as { groupId?: string }).groupId ?? '' }
    if (api.key === apis.JoinGroup.key) {
      this.#joining.set(client, `${connection}/${correlationId}`)
      this.#tell({ kind: 'joinSent', ...of, owned: ownedIn(body as JoinGroupRequest), stableMs })
    } else if (api.key === apis.LeaveGroup.key) this.#tell({ kind: 'leaveSent', ...of, stableMs })
    else if (api.key === apis.DeleteTopics.key) {
      for (const t of (body as DeleteTopicsRequest).topics)
        this.#tell({ kind: 'topicDeletionSent', topic: this.names.of(t.name, t.topicId) })
    } else if (api.key === apis.OffsetCommit.key) {
      const commit = body as OffsetCommitRequest
      this.#tell({ kind: 'commitSent', ...of, generation: commit.generationIdOrMemberEpoch, ...committingIn(commit, this.names) })
    }
  }

  arrived(_client: Process, connection: number, frame: Buffer): void {
    const exchange = this.#exchanges.get(`${connection}/${peekRequest(frame).correlationId}`)
    if (exchange !== undefined) exchange.current = this.#current.get(exchange.body.groupId) ?? -1
  }

  decided(client: Process, connection: number, frame: Buffer): void {
    const exchange = this.#exchanges.get(`${connection}/${peekResponse(frame)}`)
    if (exchange === undefined || exchange.api.key === apis.Fetch.key) return
    const { api, version, body } = exchange
    const answer: any = decodeResponse(api, version, frame)
    if (api.key === apis.JoinGroup.key) this.#joinDecided(client, body, answer)
    else if (api.key === apis.SyncGroup.key) this.#syncDecided(client, body, answer)
    else if (api.key === apis.OffsetCommit.key) this.#commitDecided(client, exchange, answer)
    else if (api.key === apis.OffsetFetch.key) this.#fetchDecided(body, answer)
    else if (api.key === apis.Produce.key) this.#produceDecided(body, answer)
    else if (api.key === apis.DeleteTopics.key) {
      for (const t of (answer as DeleteTopicsResponse).responses)
        if (t.errorCode === 0) this.#tell({ kind: 'topicDeleted', topic: this.names.of(t.name, t.topicId) })
    } else if (api.key === apis.CreateTopics.key) {
      for (const t of (answer as CreateTopicsResponse).topics)
        if (t.errorCode === 0 && !body.validateOnly) this.names.created(t.name, t.topicId, client.platform.clock.now())
    } else if (api.key === apis.Metadata.key) {
      // A topic whose creation a crash left unanswered.
      for (const t of (answer as MetadataResponse).topics)
        if (t.errorCode === 0 && t.name !== null && t.topicId !== ZERO_UUID)
          this.names.created(t.name, t.topicId, client.platform.clock.now())
    }
  }

  #joinDecided(process: Process, { groupId: group }: JoinGroupRequest, answer: JoinGroupResponse): void {
    if (answer.errorCode !== 0) return
    this.#current.set(group, Math.max(this.#current.get(group) ?? -1, answer.generationId))
    this.#tell({ kind: 'joinDecided', process, group, generation: answer.generationId, memberId: answer.memberId })
  }

  #syncDecided(process: Process, request: SyncGroupRequest, answer: SyncGroupResponse): void {
    if (answer.errorCode !== 0) return
    // A static member that came back in the same generation is the same member under another id (KIP-345).
    const member = request.groupInstanceId ?? request.memberId
    const { groupId: group, generationId: generation } = request
    this.#tell({ kind: 'syncDecided', process, group, generation, member, places: assignedIn(answer) })
  }

  #fetchDecided(request: any, answer: OffsetFetchResponse): void {
    const known = committedIn(answer, this.names).filter((p) => p.offset >= 0)
    if (known.length === 0) return
    const group = request.groups?.[0]?.groupId ?? request.groupId
    this.#tell({ kind: 'commitKnown', group, offsets: new Map(known.map((p) => [p.place, p.offset])) })
  }

  /** A record counts as done from when the broker has its dead letter. */
  #produceDecided(request: ProduceRequest, answer: ProduceResponse): void {
    for (const letter of lettersIn(request, answer, this.names)) {
      this.#tell(letter)
      this.#tell({ kind: 'excused', group: letter.group, place: letter.place, offset: letter.offset })
    }
  }

  #commitDecided(process: Process, exchange: Exchange, answer: OffsetCommitResponse): void {
    const request = exchange.body as OffsetCommitRequest
    const accepted = acceptedIn(committingIn(request, this.names), answer, this.names)
    if (accepted.offsets.size === 0) return
    const { generationIdOrMemberEpoch: generation, groupId: group } = request
    this.#tell({ kind: 'commitAccepted', process, group, generation, current: exchange.current, ...accepted })
  }

  answered(client: Process, connection: number, frame: Buffer): void {
    const id = `${connection}/${peekResponse(frame)}`
    const exchange = this.#exchanges.get(id)
    if (exchange === undefined) return
    this.#exchanges.delete(id)
    if (this.#joining.get(client) === id) this.#joining.delete(client)
    const { api, version, body } = exchange
    const answer: any = decodeResponse(api, version, frame)
    const of = { process: client, group: body.groups?.[0]?.groupId ?? body.groupId }
    if (OF_TOPICS.has(api.key) || api.key === apis.Produce.key) return
    if (api.key === apis.Fetch.key) return this.#tellOutOfRange(client, answer)
    if (api.key === apis.ListOffsets.key) return this.#tellListed(client, answer)
    if (api.key === apis.OffsetFetch.key) {
      const found = committedIn(answer, this.names)
      const finished = found.flatMap((p) => finishedOf(p.place, p.metadata))
      return this.#tell({ kind: 'placesKnown', ...of, places: found.map((p) => p.place), finished })
    }
    if (api.key === apis.OffsetCommit.key) {
      const accepted = acceptedIn(committingIn(body as OffsetCommitRequest, this.names), answer, this.names)
      if (accepted.offsets.size > 0) this.#tell({ kind: 'commitAcknowledged', ...of, ...accepted })
    }
    if (api.key === apis.SyncGroup.key || api.key === apis.Heartbeat.key)
      this.#stability(client, api.key, answer.errorCode, exchange.sentMs)
    if (api.key === apis.JoinGroup.key) return this.#joinAnswered(of, answer)
    if (api.key === apis.SyncGroup.key && answer.errorCode === 0) {
      const current = (body as SyncGroupRequest).generationId === this.#generations.get(client)
      const eager = this.#eager.has(client)
      if (current) this.#tell({ kind: 'syncAnswered', ...of, places: assignedIn(answer as SyncGroupResponse), eager })
    }
    // While a join is under way the group may have moved on with the member in it.
    const out = (code: number): boolean => OUT.has(code) && !(code === ErrorCode.ILLEGAL_GENERATION && this.#joining.has(client))
    const code = codesIn(answer).find(out)
    if (code !== undefined && generationIn(body) === this.#generations.get(client)) {
      this.#tell({ kind: 'lossKnown', ...of, error: errorOf(code).name })
    }
  }

  #joinAnswered(of: OfMember, { errorCode, generationId, protocolName }: JoinGroupResponse): void {
    if (errorCode !== 0) {
      if (OUT.has(errorCode)) this.#tell({ kind: 'lossKnown', ...of, error: errorOf(errorCode).name })
      return
    }
    const before = this.#generations.get(of.process)
    this.#generations.set(of.process, generationId)
    const eager = protocolName !== 'cooperative-sticky'
    if (eager) this.#eager.add(of.process)
    else this.#eager.delete(of.process)
    if (before !== undefined && generationId !== before && generationId !== before + 1) {
      this.#tell({ kind: 'lossKnown', ...of, error: `generation ${generationId} after ${before}` })
    }
    this.#tell({ kind: 'joinAnswered', ...of, eager })
  }

  /**
   * A join whose answer is lost is not under way any more: nothing will tell that the group moved on with the member.
   */
  closed(client: Process, connection: number): void {
    if (this.#joining.get(client)?.startsWith(`${connection}/`)) this.#joining.delete(client)
  }

  #tellListed(process: Process, answer: ListOffsetsResponse): void {
    for (const t of answer.topics) {
      for (const p of t.partitions) {
        if (p.errorCode !== 0) continue
        this.#tell({ kind: 'offsetListed', process, place: placeOf(this.names.named(t.name), p.partitionIndex), offset: p.offset })
      }
    }
  }

  #tellOutOfRange(process: Process, answer: FetchResponse): void {
    for (const t of answer.responses) {
      for (const p of t.partitions) {
        if (p.errorCode !== ErrorCode.OFFSET_OUT_OF_RANGE) continue
        this.#tell({ kind: 'outOfRangeTold', process, place: placeOf(this.names.of(t.topic, t.topicId), p.partitionIndex) })
      }
    }
  }
}
