/**
 * Where a group stands: for every partition it has to do with, what is committed, where the log begins and ends, and
 * who owns it.
 */
import {
  type Admin,
  type CallLimits,
  type CommittedOffset,
  createAdmin,
  type Kafka,
  TidemarkError,
  type TidemarkErrorCode,
} from '@tidemark/client'
import { compareTopicPartitions, handleOf, keyOf, limitsOf } from '@tidemark/client/internal'

export interface Owner {
  readonly memberId: string
  readonly clientId: string
  readonly host: string
}

export interface GroupPosition {
  readonly topic: string
  readonly partition: number
  /** Null: the group has nothing on record here. */
  readonly committed: number | null
  /** The first offset that is still in the log; null: see `error`. */
  readonly start: number | null
  /** The high watermark: the offset that the next record gets; null: see `error`. */
  readonly end: number | null
  /**
   * Offsets from the committed one to the end, of those that are still in the log: from its start where nothing is
   * committed, or where what is committed was deleted. Never below 0; null: see `error`.
   */
  readonly lag: number | null
  readonly metadata: string | null
  readonly owner: Owner | null
  /** Why the log's bounds are not known: the topic was deleted, its leader cannot be reached, … */
  readonly error: PositionError | null
}

/** Plain data, so that it is whole in JSON. */
export interface PositionError {
  readonly code: TidemarkErrorCode
  readonly message: string
}

export interface GroupPositions {
  readonly state: string
  readonly members: readonly (Owner & { readonly instanceId: string | null })[]
  /** By topic and partition. */
  readonly positions: readonly GroupPosition[]
}

interface LogBounds {
  readonly start: number | null
  readonly end: number | null
  readonly error: PositionError | null
}

/**
 * Rejects with `TidemarkError` UNKNOWN_GROUP, INVALID_OPTION, INVALID_ARGUMENT, or what the limits bring. A topic or
 * partition whose log cannot be read fails its own rows alone.
 */
export async function groupPositions(kafka: Kafka, group: string, options: CallLimits = {}): Promise<GroupPositions> {
  const whole = limitsOf('groupPositions()', options)
  const admin = createAdmin(kafka)
  const limits = shrinking(kafka, whole)
  const [described, committed] = await Promise.all([admin.groups.describe(group, limits()), admin.groups.offsets(group, limits())])
  const offsets = new Map(committed.map((c) => [keyOf(c), c]))
  const owners = new Map<string, Owner>()
  const rows = new Map<string, { topic: string; partition: number }>(committed.map((c) => [keyOf(c), c]))
  for (const { memberId, clientId, host, assignment } of described.members) {
    for (const p of assignment) {
      owners.set(keyOf(p), { memberId, clientId, host })
      rows.set(keyOf(p), p)
    }
  }
  const topics = Map.groupBy(rows.values(), (row) => row.topic)
  const bounds = new Map<string, LogBounds>()
  const ofTopic = async (topic: string, partitions: number[]): Promise<void> => {
    const found = await boundsOf(admin, topic, partitions, limits())
    for (const [i, partition] of partitions.entries()) bounds.set(keyOf({ topic, partition }), found[i]!)
  }
  await Promise.all(
    [...topics].map(([topic, list]) =>
      ofTopic(
        topic,
        list.map((row) => row.partition),
      ),
    ),
  )
  const positions = [...rows].map(([key, where]) => positionOf(where, offsets.get(key), bounds.get(key)!, owners.get(key) ?? null))
  const members = described.members.map(({ memberId, clientId, host, instanceId }) => ({ memberId, clientId, host, instanceId }))
  return { state: described.state, members, positions: positions.sort(compareTopicPartitions) }
}

/** The limits of each next step: what is left of the whole call's. */
function shrinking(kafka: Kafka, { timeoutMs, signal }: CallLimits): () => CallLimits {
  const { clock } = handleOf(kafka).platform
  const begunMs = clock.monotonic()
  return () => ({ signal, timeoutMs: timeoutMs === undefined ? undefined : Math.max(1, timeoutMs - (clock.monotonic() - begunMs)) })
}

function positionOf(
  { topic, partition }: { topic: string; partition: number },
  committed: CommittedOffset | undefined,
  { start, end, error }: LogBounds,
  owner: Owner | null,
): GroupPosition {
  const lag = start === null || end === null ? null : Math.max(0, end - Math.max(committed?.offset ?? 0, start))
  return {
    topic,
    partition,
    committed: committed?.offset ?? null,
    start,
    end,
    lag,
    metadata: committed?.metadata ?? null,
    owner,
    error,
  }
}

/**
 * In the order of the partitions. One that fails is asked for alone once more, so that it does not take the others of
 * its topic away.
 */
async function boundsOf(admin: Admin, topic: string, partitions: readonly number[], limits: CallLimits): Promise<LogBounds[]> {
  try {
    const [starts, ends] = await Promise.all([
      admin.topics.offsets(topic, 'earliest', { partitions, ...limits }),
      admin.topics.offsets(topic, 'latest', { partitions, ...limits }),
    ])
    return partitions.map((_, i) => ({ start: starts[i]!.offset, end: ends[i]!.offset, error: null }))
  } catch (error) {
    if (!(error instanceof TidemarkError) || ENDS_THE_CALL.has(error.code)) throw error
    if (partitions.length === 1 || error.code === 'UNKNOWN_TOPIC') return partitions.map(() => refused(error))
    return (await Promise.all(partitions.map((partition) => boundsOf(admin, topic, [partition], limits)))).flat()
  }
}

const refused = ({ code, message }: TidemarkError): LogBounds => ({ start: null, end: null, error: { code, message } })

/** Errors of the call, not of a row. */
const ENDS_THE_CALL: ReadonlySet<string> = new Set(['ABORTED', 'CLOSED', 'INVALID_ARGUMENT', 'INVALID_OPTION'])
