/** OffsetCommit: who may commit, and what is written. Kafka's OffsetMetadataManager.commitOffset. */
import { ErrorCode } from '@tidemark/protocol'
import type { Ticket } from '../decision.ts'
import { Group } from '../group/group.ts'
import { phases } from '../group/phases.ts'
import { renewSession } from '../group/rebalance.ts'
import type { Shard } from '../group/shard.ts'
import type { Turn } from '../group/turn.ts'

export interface CommitRequest {
  readonly groupId: string
  /** Below 0: without group management. */
  readonly generationId: number
  readonly memberId: string
  readonly groupInstanceId: string | null
  /** -1: none. */
  readonly retentionTimeMs: number
  /** From version 9 on a group that does not exist has an error of its own. */
  readonly knowsGroupIdNotFound: boolean
  readonly entries: readonly CommitEntry[]
}

export interface CommitEntry {
  readonly topic: string
  readonly topicId: string
  readonly partition: number
  /** NaN: it was not a safe integer. Negative ones are kept as they are. */
  readonly offset: number
  readonly leaderEpoch: number
  readonly metadata: string | null
  /** -1: now (version 1 let clients say when). */
  readonly commitTimestamp: number
}

/** One error code for each entry, in order. */
export type CommitReply = readonly number[]

export const commitError = (request: CommitRequest, errorCode: number): CommitReply => request.entries.map(() => errorCode)

export function commit(shard: Shard, request: CommitRequest, ticket: Ticket<CommitReply>, turn: Turn) {
  const group = shard.groups.get(request.groupId)
  const errorCode = group === undefined ? checkNew(request, turn) : check(group, request)
  if (errorCode !== ErrorCode.NONE) return turn.decision.reply(ticket, commitError(request, errorCode))
  if (bytesMaxOf(request) > turn.limits.recordBytesMax) {
    return turn.decision.reply(ticket, commitError(request, ErrorCode.INVALID_COMMIT_OFFSET_SIZE))
  }
  if (group === undefined) shard.groups.set(request.groupId, new Group(request.groupId, turn.now.wallMs))
  else if (group.rules.commitRenews) renewSession(group, group.members.get(request.memberId)!, turn)
  turn.decision.reply(
    ticket,
    request.entries.map((entry) => write(request, entry, turn)),
  )
}

/** A client without group management makes a group by committing for it. */
function checkNew({ generationId, knowsGroupIdNotFound }: CommitRequest, turn: Turn): number {
  if (generationId >= 0) return knowsGroupIdNotFound ? ErrorCode.GROUP_ID_NOT_FOUND : phases.Dead.commit
  return turn.mayCreateGroup() ? ErrorCode.NONE : ErrorCode.POLICY_VIOLATION
}

function check(group: Group, { generationId, memberId, groupInstanceId }: CommitRequest): number {
  if (generationId < 0 && group.rules.commitsOfStrangers) return ErrorCode.NONE
  if (generationId < 0 && memberId === '' && groupInstanceId === null) return ErrorCode.UNKNOWN_MEMBER_ID
  const errorCode = group.checkMember(memberId, groupInstanceId)
  if (errorCode !== ErrorCode.NONE) return errorCode
  return generationId === group.generation ? group.rules.commit : ErrorCode.ILLEGAL_GENERATION
}

const RECORD_BYTES = 64

/** An upper bound of what the records take. */
function bytesMaxOf({ groupId, entries }: CommitRequest): number {
  return entries.reduce((sum, e) => sum + RECORD_BYTES + 3 * (groupId.length + e.topic.length + (e.metadata?.length ?? 0)), 0)
}

function write(request: CommitRequest, entry: CommitEntry, { now, limits, decision }: Turn): number {
  const metadata = entry.metadata ?? ''
  if (metadata.length > limits.offsetMetadataCharsMax) return ErrorCode.OFFSET_METADATA_TOO_LARGE
  if (Number.isNaN(entry.offset)) return ErrorCode.OFFSET_OUT_OF_RANGE
  decision.write({
    kind: 'offset',
    key: { group: request.groupId, topic: entry.topic, partition: entry.partition },
    value: {
      offset: entry.offset,
      leaderEpoch: entry.leaderEpoch,
      metadata,
      commitTimestamp: entry.commitTimestamp >= 0 ? entry.commitTimestamp : now.wallMs,
      expireTimestamp: expiry(now.wallMs, request.retentionTimeMs),
      topicId: entry.topicId,
    },
  })
  return ErrorCode.NONE
}

/** A time that is not a number (NaN) or cannot be written counts as not given. */
function expiry(nowMs: number, retentionTimeMs: number): number {
  return retentionTimeMs >= 0 && Number.isSafeInteger(nowMs + retentionTimeMs) ? nowMs + retentionTimeMs : -1
}
