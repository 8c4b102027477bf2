/**
 * The records of `__consumer_offsets` that tell who is in a group of KIP-848, in Kafka's own formats: key `int16 3`, the
 * group; 5, who a member is; 8, what it owns. A null value is a tombstone. They are read here, and not written.
 */
import { codecOf } from '../codec/codecs.ts'
import {
  ConsumerGroupCurrentMemberAssignmentValue,
  ConsumerGroupMemberKey,
  ConsumerGroupMemberMetadataValue,
  GroupMetadataKey,
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
    return { kind: 'modern-group', group: codecOf(GroupMetadataKey, 0).decode(key).group, isGone: value === null }
  }
  if (keyVersion !== MEMBER_KEY && keyVersion !== ASSIGNMENT_KEY) return undefined
  const { group, memberId } = codecOf(ConsumerGroupMemberKey, 0).decode(key)
  const reader = value && new Reader(Buffer.from(value))
  const version = reader?.int16() ?? 0
  if (keyVersion === MEMBER_KEY) {
    return { kind: 'member', group, memberId, value: reader && codecOf(ConsumerGroupMemberMetadataValue, version).decode(reader) }
  }
  return {
    kind: 'assignment',
    group,
    memberId,
    value: reader && codecOf(ConsumerGroupCurrentMemberAssignmentValue, version).decode(reader),
  }
}
