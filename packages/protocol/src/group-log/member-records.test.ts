/** Bytes that Kafka 4.3.1's own classes write (`MessageUtil.toVersionPrefixedBytes`). */
import { expect, test } from 'vitest'
import { codecOf } from '../codec/codecs.ts'
import { interpret } from '../codec/interpret.ts'
import { ConsumerGroupMemberMetadataKey, ConsumerGroupMemberMetadataValue } from '../messages/consumer-offsets.ts'
import { Reader } from '../wire/reader.ts'
import { Writer } from '../wire/writer.ts'
import { decodeMemberRecord } from './member-records.ts'

const key = (): Reader => {
  const w = new Writer()
  codecOf(ConsumerGroupMemberMetadataKey, 0).encode(w, { groupId: 'g', memberId: 'm' })
  return new Reader(Buffer.from(w.written()))
}
const member = (hex: string) => decodeMemberRecord(5, key(), Buffer.from(hex, 'hex'))

const OF_BOTH = '000001010263026802057365656e'
const NEW_PROTOCOL = `${OF_BOTH}000000000500010001 00`.replaceAll(' ', '')
const CLASSIC = `${OF_BOTH}010000000501010007010000000701 00`.replaceAll(' ', '')

test('a member of the new protocol says that it has no classic metadata, within a tagged field', () => {
  expect(member(NEW_PROTOCOL)).toMatchObject({
    kind: 'member',
    group: 'g',
    memberId: 'm',
    value: { clientId: 'c', classicMemberMetadata: null },
  })
})

test('a member of the classic protocol in such a group has some', () => {
  const classicMemberMetadata = { sessionTimeoutMs: 7, supportedProtocols: [] }
  expect(member(CLASSIC)).toMatchObject({ value: { subscribedTopicNames: ['seen'], rebalanceTimeoutMs: 5, classicMemberMetadata } })
})

test.each([NEW_PROTOCOL, CLASSIC])('both codecs write what they have read: %s', (hex) => {
  for (const codec of [codecOf(ConsumerGroupMemberMetadataValue, 0), interpret(ConsumerGroupMemberMetadataValue, 0)]) {
    const value = codec.decode(new Reader(Buffer.from(hex, 'hex').subarray(2)))
    expect(value.clientHost).toBe('h')
    const w = new Writer()
    codec.encode(w, value)
    expect(codec.decode(new Reader(Buffer.from(w.written())))).toEqual(value)
  }
})
