/** A member of a classic group, and the requests of it that wait (Kafka's ClassicGroupMember). */
import type { Ticket } from '../decision.ts'
import type { JoinReply, SyncReply } from './replies.ts'

export const EMPTY_BYTES = Buffer.alloc(0)

/** An assignment protocol that a member supports, and its metadata for the leader: opaque here. */
export interface Protocol {
  readonly name: string
  readonly metadata: Buffer
}

export interface GroupMember {
  readonly memberId: string
  readonly groupInstanceId: string | null
  readonly clientId: string
  readonly clientHost: string
  rebalanceTimeoutMs: number
  sessionTimeoutMs: number
  /** In the order of the member's preference. */
  protocols: readonly Protocol[]
  assignment: Buffer
  /**
   * It has not seen an answer to its first JoinGroup: it cannot send heartbeats and may be given up while it waits.
   */
  isNew: boolean
  awaitingJoin: Ticket<JoinReply> | undefined
  awaitingSync: Ticket<SyncReply> | undefined
}

export const metadataOf = (member: GroupMember, protocol: string | null): Buffer =>
  member.protocols.find(({ name }) => name === protocol)?.metadata ?? EMPTY_BYTES

/** Whether both say the same of the same protocols in the same order. */
export const sameProtocols = (a: readonly Protocol[], b: readonly Protocol[]): boolean =>
  a.length === b.length && a.every(({ name, metadata }, i) => name === b[i]!.name && metadata.equals(b[i]!.metadata))

/** A member that waits for an answer is alive without heartbeats, unless it never had one. */
export const isHeartbeatSatisfied = (member: GroupMember): boolean =>
  !member.isNew && (member.awaitingJoin !== undefined || member.awaitingSync !== undefined)
