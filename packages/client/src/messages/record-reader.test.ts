import { BATCH_HEADER_BYTES, buildBatch, RecordCursor, readBatchHeader, WireError } from '@tidemark/protocol'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { Message } from './message.ts'
import { RecordReader } from './record-reader.ts'

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
  const header = readBatchHeader(batch)
  const source = { topic: 't', partition: 0, leaderEpoch: 0, body: batch.subarray(BATCH_HEADER_BYTES) }
  const r = new RecordReader(source.body)
  return Array.from({ length: header.recordCount }, () => {
    r.next()
    return new Message(source, r.offsetDelta, header.baseTimestamp + r.timeDelta, r.keyAt, r.keySize, r.valueAt, r.valueSize)
  })
}

const seen = (m: { offset: number; timestampMs: number; key: unknown; value: unknown }, headers: unknown) => [
  m.offset,
  m.timestampMs,
  m.key,
  m.value,
  headers,
]

it('sees the same as the cursor of the protocol package, also in copies', () => {
  fc.assert(
    fc.property(fc.array(record, { minLength: 1, maxLength: 20 }), (records) => {
      const batch = buildBatch(records)
      const cursor = new RecordCursor(batch, readBatchHeader(batch))
      for (const message of messagesOf(batch)) {
        cursor.next()
        expect(seen(message, message.headers)).toEqual(seen(cursor, cursor.headers()))
        const copy = message.copy()
        expect(seen(copy, copy.headers)).toEqual(seen(message, message.headers))
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
