/**
 * The records of `__consumer_offsets` that tell who is in a group of KIP-848, in Kafka's own formats: key `int16 3`,
 * the group; 5, who a member is; 8, what it owns. A null value is a tombstone. They are read here, and not written.
 */
import { codecOf } from '../codec/codecs.ts'
import {
  ConsumerGroupCurrentMemberAssignmentKey,
  ConsumerGroupCurrentMemberAssignmentValue,
  ConsumerGroupMemberMetadataKey,
  ConsumerGroupMemberMetadataValue,
  ConsumerGroupMetadataKey,
} from '../messages/consumer-offsets.ts'
import { Reader } from '../wire/reader.ts'

const GROUP_KEY = 3
const MEMBER_KEY = 5
const ASSIGNMENT_KEY = 8

/** `value` null: it is gone. */
export type MemberRecord =
  | { readonly kind: 'modern-group'; readonly group: string; readonly isGone: boolean }
  | { readonly kind: 'member'; readonly group: string; readonly memberId: string; readonly value: ConsumerGroupMemberMetadataValue | null }
  | {
      readonly kind: 'assignment'
      readonly group: string
      readonly memberId: string
      readonly value: ConsumerGroupCurrentMemberAssignmentValue | null
    }

/** The reader is positioned behind the key's version. Undefined for another kind. Throws `WireError`. */
export function decodeMemberRecord(keyVersion: number, key: Reader, value: Buffer | null): MemberRecord | undefined {
  if (keyVersion === GROUP_KEY) {
    return { kind: 'modern-group', group: codecOf(ConsumerGroupMetadataKey, 0).decode(key).groupId, isGone: value === null }
  }
  const reader = value && new Reader(Buffer.from(value))
  if (keyVersion === MEMBER_KEY) {
    const { groupId: group, memberId } = codecOf(ConsumerGroupMemberMetadataKey, 0).decode(key)
    const member = reader && codecOf(ConsumerGroupMemberMetadataValue, reader.int16()).decode(reader)
    return { kind: 'member', group, memberId, value: member }
  }
  if (keyVersion === ASSIGNMENT_KEY) {
    const { groupId: group, memberId } = codecOf(ConsumerGroupCurrentMemberAssignmentKey, 0).decode(key)
    const assignment = reader && codecOf(ConsumerGroupCurrentMemberAssignmentValue, reader.int16()).decode(reader)
    return { kind: 'assignment', group, memberId, value: assignment }
  }
  return undefined
}
