/**
 * A man in the middle: for a while a coordinator or a leader refuses some kind of request, or an answer is held back.
 *
 * A request that will be refused reaches the broker without effect: it carries the id of a member that does not
 * exist. The error is put into the answer. Only that a rebalance has begun is told to members alone, as by Kafka: such
 * a heartbeat arrives as it is.
 */
import {
  type Api,
  apiByKey,
  decodeRequest,
  decodeResponse,
  ErrorCode,
  type ErrorName,
  encodeRequest,
  encodeResponse,
  peekRequest,
  peekResponse,
} from '@tidemark/protocol'
import type { Middle, Process } from '@tidemark/testing/internal'
import type { Fact } from '../facts.ts'

export type RefusedApi =
  | 'OffsetCommit'
  | 'JoinGroup'
  | 'SyncGroup'
  | 'Heartbeat'
  | 'OffsetFetch'
  | 'ListOffsets'
  | 'Fetch'
  | 'Metadata'
  | 'FindCoordinator'

export interface Refusal {
  readonly api: RefusedApi
  readonly error: ErrorName
  /** No retry mends it: the run ends with this code. */
  readonly final: boolean
  /** The answer names a node that does not listen. */
  readonly dead?: boolean
}

const DEAD_PORT = 9_999

const PASSING: Readonly<Record<RefusedApi, readonly ErrorName[]>> = {
  OffsetCommit: ['COORDINATOR_LOAD_IN_PROGRESS', 'REQUEST_TIMED_OUT', 'NOT_COORDINATOR', 'COORDINATOR_NOT_AVAILABLE'],
  JoinGroup: ['COORDINATOR_LOAD_IN_PROGRESS', 'NOT_COORDINATOR', 'COORDINATOR_NOT_AVAILABLE'],
  SyncGroup: ['COORDINATOR_LOAD_IN_PROGRESS', 'NOT_COORDINATOR', 'REBALANCE_IN_PROGRESS'],
  Heartbeat: ['NOT_COORDINATOR', 'COORDINATOR_NOT_AVAILABLE', 'REBALANCE_IN_PROGRESS'],
  OffsetFetch: ['COORDINATOR_LOAD_IN_PROGRESS', 'NOT_COORDINATOR', 'UNSTABLE_OFFSET_COMMIT'],
  ListOffsets: ['NOT_LEADER_OR_FOLLOWER', 'LEADER_NOT_AVAILABLE', 'UNKNOWN_LEADER_EPOCH'],
  Fetch: ['NOT_LEADER_OR_FOLLOWER', 'UNKNOWN_LEADER_EPOCH', 'KAFKA_STORAGE_ERROR'],
  Metadata: ['LEADER_NOT_AVAILABLE'],
  FindCoordinator: ['COORDINATOR_NOT_AVAILABLE'],
}

const FINAL: Readonly<Record<RefusedApi, readonly ErrorName[]>> = {
  OffsetCommit: ['TOPIC_AUTHORIZATION_FAILED', 'GROUP_AUTHORIZATION_FAILED'],
  JoinGroup: ['GROUP_AUTHORIZATION_FAILED', 'POLICY_VIOLATION', 'INVALID_GROUP_ID'],
  SyncGroup: ['GROUP_AUTHORIZATION_FAILED'],
  Heartbeat: ['GROUP_AUTHORIZATION_FAILED'],
  OffsetFetch: ['GROUP_AUTHORIZATION_FAILED'],
  ListOffsets: ['TOPIC_AUTHORIZATION_FAILED'],
  Fetch: ['TOPIC_AUTHORIZATION_FAILED'],
  Metadata: ['TOPIC_AUTHORIZATION_FAILED'],
  FindCoordinator: ['GROUP_AUTHORIZATION_FAILED'],
}

export const refusedApis = Object.keys(PASSING) as RefusedApi[]
export const refusalsOf = (api: RefusedApi): Refusal[] => [
  ...PASSING[api].map((error) => ({ api, error, final: false })),
  ...FINAL[api].map((error) => ({ api, error, final: true })),
  ...(api === 'FindCoordinator' ? [{ api, error: 'COORDINATOR_NOT_AVAILABLE' as const, final: false, dead: true }] : []),
]

/** These change state at the broker: a refused one carries the id of a member that does not exist. */
const WITH_EFFECT: ReadonlySet<string> = new Set<string>(['OffsetCommit', 'JoinGroup', 'SyncGroup', 'Heartbeat'])
const NO_MEMBER = 'no-such-member'
const isForMembers = ({ api, error }: Refusal): boolean => api === 'Heartbeat' && error === 'REBALANCE_IN_PROGRESS'

interface Marked {
  readonly api: Api
  readonly version: number
  readonly refusal: Refusal | undefined
  readonly holdMs: number
}

export class ManInTheMiddle implements Middle {
  readonly #tell: (fact: Fact) => void
  readonly #marked = new Map<string, Marked>()
  #refusals: { refusal: Refusal; only: (process: Process) => boolean }[] = []
  #holds: { readonly api: string; readonly holdMs: number }[] = []

  constructor(tell: (fact: Fact) => void) {
    this.#tell = tell
  }

  /** Refuses these requests until the result is called. */
  refuse(refusal: Refusal, only: (process: Process) => boolean): () => void {
    const entry = { refusal, only }
    this.#refusals.push(entry)
    return () => {
      this.#refusals = this.#refusals.filter((r) => r !== entry)
    }
  }

  /** Holds the answer to the next request of this kind back, and those behind it. */
  holdNext(api: string, holdMs: number): void {
    this.#holds.push({ api, holdMs })
  }

  calmDown(): void {
    this.#refusals = []
    this.#holds = []
  }

  request(client: Process, connection: number, frame: Buffer): Buffer {
    if (this.#refusals.length === 0 && this.#holds.length === 0) return frame
    const { apiKey, apiVersion: version, correlationId } = peekRequest(frame)
    const api = apiByKey.get(apiKey)
    if (api === undefined) return frame
    const refusal = this.#refusals.find((r) => r.refusal.api === api.name && r.only(client))?.refusal
    const held = this.#holds.findIndex((h) => h.api === api.name)
    const holdMs = held < 0 ? 0 : this.#holds.splice(held, 1)[0]!.holdMs
    if (refusal === undefined && holdMs === 0) return frame
    this.#marked.set(`${connection}/${correlationId}`, { api, version, refusal, holdMs })
    if (refusal === undefined || !WITH_EFFECT.has(api.name) || isForMembers(refusal)) return frame
    const { clientId, body } = decodeRequest(api, version, frame)
    return framed(
      encodeRequest(api, version, correlationId, clientId, { ...(body as object), memberId: NO_MEMBER, groupInstanceId: null } as never),
    )
  }

  answer(client: Process, connection: number, frame: Buffer): { frame: Buffer; holdMs: number } {
    const correlationId = peekResponse(frame)
    const id = `${connection}/${correlationId}`
    const marked = this.#marked.get(id)
    if (marked === undefined) return { frame, holdMs: 0 }
    this.#marked.delete(id)
    const { api, version, refusal, holdMs } = marked
    if (refusal === undefined) return { frame, holdMs }
    const decoded = decodeResponse(api, version, frame)
    if (isForMembers(refusal) && (decoded as { errorCode: number }).errorCode !== 0) return { frame, holdMs }
    const body = refusal.dead ? withDeadNode(decoded) : withError(api, decoded, ErrorCode[refusal.error])
    if (!refusal.dead)
      this.#tell({
        kind: 'refused',
        process: client,
        api: api.name,
        error: refusal.error,
        final: refusal.final,
        partitions: BY_PARTITION.has(api.name) ? partitionsIn(decoded) : [],
      })
    return { frame: framed(encodeResponse(api, version, correlationId, body as never)), holdMs }
  }
}

const framed = (chunks: readonly Uint8Array[]): Buffer => Buffer.concat(chunks).subarray(4)

/**
 * Errors of these stand at each partition, those of Metadata at each topic, the others at the top or at the group or
 * key.
 */
const BY_PARTITION: ReadonlySet<string> = new Set<string>(['OffsetCommit', 'ListOffsets', 'Fetch'])

function partitionsIn(body: any): string[] {
  const topics: any[] = body.topics ?? body.responses
  return topics.flatMap((t) => t.partitions.map((p: any) => `${t.name || t.topic || t.topicId}-${p.partitionIndex}`))
}

function withDeadNode(body: any): unknown {
  const coordinators = body.coordinators?.map((c: object) => ({ ...c, nodeId: DEAD_PORT, port: DEAD_PORT }))
  return { ...body, nodeId: DEAD_PORT, port: DEAD_PORT, ...(coordinators !== undefined && { coordinators }) }
}

function withError(api: Api, body: unknown, code: number): unknown {
  const change = (value: any, depth: number): any => {
    if (Array.isArray(value)) return value.map((v) => change(v, depth))
    if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return value
    const out = Object.fromEntries(Object.entries(value).map(([k, v]) => [k, change(v, depth + 1)]))
    if (!('errorCode' in value)) return out
    const isPartition = 'partitionIndex' in value
    const wanted = BY_PARTITION.has(api.name) ? isPartition : api.name === 'Metadata' ? !isPartition && depth > 0 : !isPartition
    if (wanted) out.errorCode = code
    if (wanted && 'records' in value) out.records = null
    if (wanted && api.name === 'Metadata') out.partitions = []
    return out
  }
  return change(body, 0)
}
