/** What a group answers, before a handler fits it to a version. */
import { ErrorCode } from '@tidemark/protocol'
import { EMPTY_BYTES } from './member.ts'

export interface JoinReply {
  readonly errorCode: number
  readonly generationId: number
  readonly protocolType: string | null
  readonly protocolName: string | null
  readonly leader: string
  readonly skipAssignment: boolean
  readonly memberId: string
  /** For the leader alone: all members with their metadata. */
  readonly members: readonly JoinedMember[]
}

export interface JoinedMember {
  readonly memberId: string
  readonly groupInstanceId: string | null
  readonly metadata: Buffer
}

export interface SyncReply {
  readonly errorCode: number
  readonly protocolType: string | null
  readonly protocolName: string | null
  readonly assignment: Buffer
}

export interface LeaveReply {
  readonly errorCode: number
  readonly members: readonly { readonly memberId: string; readonly groupInstanceId: string | null; readonly errorCode: number }[]
}

export const joinError = (errorCode: number, memberId: string): JoinReply => ({
  errorCode,
  generationId: -1,
  protocolType: null,
  protocolName: null,
  leader: '',
  skipAssignment: false,
  memberId,
  members: [],
})

export const syncError = (errorCode: number): SyncReply => ({
  errorCode,
  protocolType: null,
  protocolName: null,
  assignment: EMPTY_BYTES,
})

export const leaveReply = (members: LeaveReply['members']): LeaveReply => ({ errorCode: ErrorCode.NONE, members })
export const leaveError = (errorCode: number): LeaveReply => ({ errorCode, members: [] })
