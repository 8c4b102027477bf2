import { BATCH_HEADER_BYTES, buildBatch, RecordCursor, readBatchHeader, WireError } from '@tidemark/protocol'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { Message } from './message.ts'

const bytes = fc.option(
  fc.uint8Array({ maxLength: 200 }).map((b) => Buffer.from(b)),
  { nil: null },
)
const record = fc.record({
  key: bytes,
  value: bytes,
  timestampMs: fc.integer({ min: 0, max: 2 ** 41 }),
  headers: fc.array(fc.record({ key: fc.string({ maxLength: 20 }), value: bytes }), { maxLength: 4 }),
})

function messagesOf(batch: Buffer): Message[] {
  const cursor = new RecordCursor(batch, readBatchHeader(batch))
  const source = { topic: 't', partition: 0, leaderEpoch: 0, body: cursor.body }
  const out: Message[] = []
  while (cursor.next()) {
    const { offset, timestampMs, keyAt, keySize, valueAt, valueSize } = cursor
    out.push(new Message(source, offset, timestampMs, keyAt, keySize, valueAt, valueSize))
  }
  return out
}

const seen = ({ offset, timestampMs, key, value, headers }: Message) => ({ offset, timestampMs, key, value, headers })

it('is what was written, also in a copy, however often it is looked at', () => {
  fc.assert(
    fc.property(fc.array(record, { minLength: 1, maxLength: 20 }), (records) => {
      const messages = messagesOf(buildBatch(records))
      expect(messages.map(seen)).toEqual(records.map((r, offset) => ({ offset, ...r })))
      for (const message of messages) {
        expect(seen(message.copy())).toEqual(seen(message))
        expect(seen(message.copy().copy())).toEqual(seen(message))
      }
    }),
    { numRuns: 200 },
  )
})

it('throws nothing but WireError for damaged bytes, and reads nothing beyond them', () => {
  fc.assert(
    fc.property(fc.array(record, { minLength: 1, maxLength: 5 }), fc.nat(), fc.nat(255), fc.nat(), (records, at, value, cut) => {
      const batch = Buffer.from(buildBatch(records))
      batch[BATCH_HEADER_BYTES + (at % (batch.length - BATCH_HEADER_BYTES))] = value
      const damaged = batch.subarray(0, batch.length - (cut % 3 === 0 ? cut % (batch.length - BATCH_HEADER_BYTES) : 0))
      try {
        for (const m of messagesOf(damaged)) void [m.key, m.value, m.headers, m.copy()]
      } catch (error) {
        expect(error).toBeInstanceOf(WireError)
      }
    }),
    { numRuns: 1000 },
  )
})
