/**
 * A coordinator partition in a test: requests go in, the clock moves by hand, and records are kept as the log would.
 *
 * Records go through their bytes, as they would through a log. `check` runs after every turn.
 */
import { errorOf } from '@tidemark/protocol'
import { Decision, type Ticket } from '../decision.ts'
import { type CommitEntry, type CommitReply, type CommitRequest, commit } from '../offsets/commit.ts'
import { fetchOffsets } from '../offsets/fetch.ts'
import { expire } from './expire.ts'
import { heartbeat } from './heartbeat.ts'
import { type JoinRequest, join } from './join.ts'
import { type LeavingMember, leave } from './leave.ts'
import { type CoordinatorRecord, decodeRecord, encodeRecord } from './records.ts'
import type { JoinReply, LeaveReply, SyncReply } from './replies.ts'
import { Shard } from './shard.ts'
import { type SyncRequest, sync } from './sync.ts'
import type { GroupLimits, GroupTimer, Turn } from './turn.ts'

export const GROUP = 'billing'
export const ZERO = '00000000000000000000000000000000'

/** A request and, once it is there, its answer. */
export interface SentRequest<T> {
  readonly ticket: number
  reply: T | undefined
}

export const limits: GroupLimits = {
  initialRebalanceDelayMs: 0,
  sessionTimeoutMinMs: 10,
  sessionTimeoutMaxMs: 1_800_000,
  sizeMax: 100,
  pendingMembersMax: 100,
  metadataBytesMax: 10_000,
  recordBytesMax: 100_000,
  offsetMetadataCharsMax: 4096,
}

export class Scenario {
  shard = new Shard()
  readonly log: CoordinatorRecord[] = []
  nowMs = 0
  readonly limits: GroupLimits
  readonly #timers = new Map<string, { at: number; event: GroupTimer }>()
  readonly #asked = new Map<number, SentRequest<unknown>>()
  #nextTicket = 0
  #nextId = 0
  groupsMax = 100

  constructor(given: Partial<GroupLimits> = {}) {
    this.limits = { ...limits, ...given }
  }

  get group() {
    return this.shard.groups.get(GROUP)
  }

  get unanswered(): number {
    return this.#asked.size
  }

  get timerCount(): number {
    return this.#timers.size
  }

  /** Joins as a dynamic member does it since version 4: it asks for an id, and joins with it. */
  member(clientId: string, given: Partial<JoinRequest> = {}): { memberId: string; join: SentRequest<JoinReply> } {
    const first = this.join({ clientId, needsMemberId: true, ...given })
    const memberId = first.reply!.memberId
    return { memberId, join: this.join({ clientId, memberId, needsMemberId: true, ...given }) }
  }

  join(given: Partial<JoinRequest> = {}): SentRequest<JoinReply> {
    const clientId = given.clientId ?? 'client'
    const request: JoinRequest = {
      groupId: GROUP,
      memberId: '',
      newMemberId: `${given.groupInstanceId ?? clientId}-${++this.#nextId}`,
      groupInstanceId: null,
      protocolType: 'consumer',
      protocols: protocols('range'),
      sessionTimeoutMs: 1000,
      rebalanceTimeoutMs: 5000,
      clientId,
      clientHost: '/127.0.0.1',
      needsMemberId: false,
      canSkipAssignment: true,
      ...given,
    }
    return this.#ask((ticket: Ticket<JoinReply>, turn) => join(this.shard, request, ticket, turn))
  }

  sync(
    memberId: string,
    generationId: number,
    assignments: Record<string, string> = {},
    given: Partial<SyncRequest> = {},
  ): SentRequest<SyncReply> {
    const request: SyncRequest = {
      groupId: GROUP,
      generationId,
      memberId,
      groupInstanceId: null,
      protocolType: null,
      protocolName: null,
      assignments: Object.entries(assignments).map(([id, text]) => ({ memberId: id, assignment: Buffer.from(text) })),
      ...given,
    }
    return this.#ask((ticket: Ticket<SyncReply>, turn) => sync(this.shard, request, ticket, turn))
  }

  /** The name of the error. */
  heartbeat(memberId: string, generationId: number, groupInstanceId: string | null = null): string {
    const request = { groupId: GROUP, generationId, memberId, groupInstanceId }
    return nameOf(this.#ask((ticket: Ticket<number>, turn) => heartbeat(this.shard, request, ticket, turn)).reply)
  }

  leave(...members: readonly Partial<LeavingMember>[]): LeaveReply {
    const request = { groupId: GROUP, members: members.map((m) => ({ memberId: '', groupInstanceId: null, ...m })) }
    return this.#ask((ticket: Ticket<LeaveReply>, turn) => leave(this.shard, request, ticket, turn)).reply!
  }

  /** The names of the errors, one for each entry. */
  commit(given: Omit<Partial<CommitRequest>, 'entries'> & { entries?: readonly Partial<CommitEntry>[] } = {}): string[] {
    const request: CommitRequest = {
      groupId: GROUP,
      generationId: -1,
      memberId: '',
      groupInstanceId: null,
      retentionTimeMs: -1,
      knowsGroupIdNotFound: true,
      ...given,
      entries: (given.entries ?? [{}]).map((entry) => ({
        topic: 'orders',
        topicId: ZERO,
        partition: 0,
        offset: 42,
        leaderEpoch: 3,
        metadata: 'note',
        commitTimestamp: -1,
        ...entry,
      })),
    }
    return this.#ask((ticket: Ticket<CommitReply>, turn) => commit(this.shard, request, ticket, turn)).reply!.map(nameOf)
  }

  /** Offset, leader epoch and metadata. */
  committed(topic = 'orders', partition = 0): readonly [number, number, string] {
    const [fetched] = fetchOffsets(this.shard, GROUP, [{ name: topic, topicId: ZERO, partitions: [partition] }])
    const { offset, leaderEpoch, metadata } = fetched!.partitions[0]!
    return [offset, leaderEpoch, metadata]
  }

  /** Lets the time pass; timers fire at their moments. */
  advance(ms: number): void {
    const until = this.nowMs + ms
    for (;;) {
      const due = [...this.#timers].filter(([, { at }]) => at <= until).sort((a, b) => a[1].at - b[1].at)[0]
      if (due === undefined) break
      const [key, { at, event }] = due
      this.#timers.delete(key)
      this.nowMs = Math.max(this.nowMs, at)
      this.turn((turn) => expire(this.shard, event, turn))
    }
    this.nowMs = until
  }

  /** The broker is killed: what was asked is lost, and the log is read back. */
  restart(records: readonly CoordinatorRecord[] = this.log): void {
    this.#timers.clear()
    this.#asked.clear()
    this.shard = new Shard()
    for (const record of records) this.shard.apply(record)
    this.sweep((groupId, turn) => this.shard.revive(groupId, turn))
  }

  sweep(decide: (groupId: string, turn: Turn) => void): void {
    for (const groupId of [...this.shard.keys()]) this.turn((turn) => decide(groupId, turn))
  }

  #ask<T>(decide: (ticket: Ticket<T>, turn: Turn) => void): SentRequest<T> {
    const ticket = this.#nextTicket++ as Ticket<T>
    const asked: SentRequest<T> = { ticket, reply: undefined }
    this.#asked.set(ticket, asked as SentRequest<unknown>)
    this.turn((turn) => decide(ticket, turn))
    return asked
  }

  turn(decide: (turn: Turn) => void): void {
    const decision: Turn['decision'] = new Decision()
    const now = { wallMs: 1_700_000_000_000 + this.nowMs, monotonicMs: this.nowMs }
    decide({ now, limits: this.limits, decision, mayCreateGroup: () => this.shard.groups.size < this.groupsMax })
    for (const record of decision.records) {
      const { key, value } = encodeRecord(record, now.wallMs)
      const read = decodeRecord(Buffer.from(key!), value && Buffer.from(value))!
      this.log.push(read)
      this.shard.apply(read)
    }
    for (const { key, ...change } of decision.timers) {
      if (change.at === undefined) this.#timers.delete(key)
      else this.#timers.set(key, change)
    }
    for (const { ticket, body } of decision.replies) {
      const asked = this.#asked.get(ticket)
      if (asked === undefined) throw new Error(`ticket ${ticket} was answered twice, or never given`)
      asked.reply = body
      this.#asked.delete(ticket)
    }
  }
}

export const nameOf = (errorCode: number | undefined): string => (errorCode === undefined ? 'no answer' : errorOf(errorCode).name)

export const protocols = (...names: string[]) => names.map((name) => ({ name, metadata: Buffer.from(`says ${name}`) }))

/** A group that is Stable with these members, the first of which leads; generation 1. */
export function stableGroup(t: Scenario, ...clientIds: string[]): string[] {
  const joined = clientIds.map((clientId) => t.member(clientId))
  t.advance(0)
  const ids = joined.map(({ memberId }) => memberId)
  const assignments = Object.fromEntries(ids.map((id) => [id, `for ${id}`]))
  for (const id of ids.slice(1)) t.sync(id, 1)
  t.sync(ids[0]!, 1, assignments)
  if (t.group?.phase !== 'Stable') throw new Error(`the group is ${t.group?.phase}, not Stable`)
  return ids
}
