/**
 * One group as the records of `__consumer_offsets` say it was at their time: who was in it, what each owned, and what
 * was committed. A record that changes a committed offset becomes an event. Pure.
 */
import type { TopicPartition } from '@tidemark/client'
import { decodeAssignment, keyOf } from '@tidemark/client/internal'
import { type StoredGroup, type StoredOffset, WireError } from '@tidemark/protocol'
import type { Owner } from '../read/position.ts'
import type { LoggedRecord } from './offsets-topic.ts'

/**
 * `member`: by a member of the group. `outside`: the group had no members (a tool, or a consumer that assigns
 * partitions to itself). `expired`: the coordinator forgot it, after the group was without members for
 * `offsets.retention.minutes`. `deleted`: with the group, with the topic, or by OffsetDelete.
 */
export type CommitKind = 'member' | 'outside' | 'transactional' | 'expired' | 'deleted'

export interface CommitEvent extends TopicPartition {
  /** In milliseconds since 1970, by the coordinator's clock. */
  readonly atMs: number
  readonly group: string
  /** What was committed before; null: nothing, or the log does not go back so far. */
  readonly from: number | null
  /** Null: nothing is committed any more. */
  readonly to: number | null
  readonly leaderEpoch: number | null
  readonly metadata: string | null
  readonly kind: CommitKind
  /** The member that owned the partition then; null: none is known. */
  readonly member: Owner | null
  /** `back`: below what was committed before. `to-end`: an outside commit forward to where the log ended then. */
  readonly jump: 'back' | 'to-end' | null
}

interface Member {
  owner: Owner
  /** By keys: of the partition where its name is known, of the topic's id and the number elsewhere. */
  partitions: ReadonlySet<string>
}

export interface FoldedOffset extends StoredOffset, TopicPartition {}

export class GroupFold {
  readonly group: string
  readonly offsets = new Map<string, FoldedOffset>()
  readonly #retentionMs: number
  readonly #topicIds: ReadonlyMap<string, string>
  readonly #members = new Map<string, Member>()
  #emptySinceMs: number | undefined

  /** `topicIds`: by name, 32 hexadecimal digits; members of KIP-848 own partitions by id. */
  constructor(group: string, retentionMs: number, topicIds: ReadonlyMap<string, string>) {
    this.group = group
    this.#retentionMs = retentionMs
    this.#topicIds = topicIds
  }

  /** Since when it has had no members, in milliseconds since 1970; undefined: it has members, or it is not known. */
  get emptySinceMs(): number | undefined {
    return this.#members.size === 0 ? this.#emptySinceMs : undefined
  }

  /** Records in the order of the log. Returns what a commit changed. */
  apply({ record, timestampMs, isTransactional }: LoggedRecord): CommitEvent | undefined {
    switch (record.kind) {
      case 'group':
        this.#takeClassic(record.value, timestampMs)
        return undefined
      case 'modern-group':
        if (record.isGone) this.#members.clear()
        return undefined
      case 'member': {
        const { memberId, value } = record
        if (value === null) this.#remove(memberId, timestampMs)
        else this.#member(memberId).owner = { memberId, clientId: value.clientId, host: value.clientHost }
        return undefined
      }
      case 'assignment': {
        const owned = record.value?.assignedPartitions.flatMap(({ topicId, partitions }) => partitions.map((p) => `${p}/${topicId}`)) ?? []
        if (record.value !== null) this.#member(record.memberId).partitions = new Set(owned)
        return undefined
      }
      case 'offset':
        return this.#commit(record.key, record.value, timestampMs, isTransactional)
    }
  }

  #takeClassic(value: StoredGroup | null, timestampMs: number): void {
    this.#members.clear()
    this.#emptySinceMs = undefined
    if (value === null) return
    for (const { memberId, clientId, clientHost: host, assignment } of value.members) {
      this.#members.set(memberId, { owner: { memberId, clientId, host }, partitions: new Set(partitionsOf(assignment)) })
    }
    if (value.members.length === 0) this.#emptySinceMs = value.currentStateTimestamp < 0 ? timestampMs : value.currentStateTimestamp
  }

  #member(memberId: string): Member {
    const known = this.#members.get(memberId)
    if (known !== undefined) return known
    const member = { owner: { memberId, clientId: '', host: '' }, partitions: new Set<string>() }
    this.#members.set(memberId, member)
    return member
  }

  #remove(memberId: string, timestampMs: number): void {
    this.#members.delete(memberId)
    if (this.#members.size === 0) this.#emptySinceMs = timestampMs
  }

  #commit(where: TopicPartition, value: StoredOffset | null, timestampMs: number, isTransactional: boolean): CommitEvent | undefined {
    const { topic, partition } = where
    const key = keyOf(where)
    const before = this.offsets.get(key)
    if (value === null) {
      if (before === undefined) return undefined
      this.offsets.delete(key)
    } else this.offsets.set(key, { ...value, topic, partition })
    const [from, to] = [before?.offset ?? null, value?.offset ?? null]
    const kind = value === null ? this.#tombstoneKind(before!, timestampMs) : this.#commitKind(isTransactional)
    return {
      atMs: value?.commitTimestamp ?? timestampMs,
      group: this.group,
      topic,
      partition,
      from,
      to,
      leaderEpoch: value?.leaderEpoch ?? null,
      metadata: value?.metadata ?? null,
      kind,
      member: value === null ? null : this.#ownerOf(topic, partition),
      jump: from !== null && to !== null && to < from ? 'back' : null,
    }
  }

  #commitKind(isTransactional: boolean): CommitKind {
    if (isTransactional) return 'transactional'
    return this.#members.size > 0 ? 'member' : 'outside'
  }

  /** Kafka: `OffsetExpirationCondition` counts from when the group became empty, or from the commit. */
  #tombstoneKind({ commitTimestamp, expireTimestamp }: StoredOffset, atMs: number): CommitKind {
    if (this.#members.size > 0) return 'deleted'
    const expiresMs = expireTimestamp >= 0 ? expireTimestamp : Math.max(commitTimestamp, this.#emptySinceMs ?? 0) + this.#retentionMs
    return atMs >= expiresMs ? 'expired' : 'deleted'
  }

  #ownerOf(topic: string, partition: number): Owner | null {
    const byName = keyOf({ topic, partition })
    const byId = `${partition}/${this.#topicIds.get(topic)}`
    for (const { owner, partitions } of this.#members.values()) {
      if (partitions.has(byName) || partitions.has(byId)) return owner
    }
    return null
  }
}

/**
 * What a leader wrote into the group is its own: bytes that are not Kafka's assignment say nothing of who owns what.
 */
function partitionsOf(assignment: Buffer): string[] {
  try {
    return decodeAssignment(assignment).map(keyOf)
  } catch (error) {
    if (!(error instanceof WireError)) throw error
    return []
  }
}
