import { BATCH_HEADER_BYTES, buildBatch } from '@tidemark/protocol'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { decodeRecords } from '../fetch/decode.ts'
import { FetchedMessage, NO_HEADERS, textOrBase64 } from './message.ts'

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
const T0 = { topic: 't', partition: 0 }
const settings = { checkCrc: false, aborted: undefined, bytesMax: Number.POSITIVE_INFINITY }
const decoded = (batch: Buffer) => decodeRecords(T0, batch, { offset: 0, leaderEpoch: 0 }, settings)

const seen = ({ offset, timestampMs, key, value, headers }: FetchedMessage) => ({ offset, timestampMs, key, value, headers })
const NAMES = ['topic', 'partition', 'offset', 'timestampMs', 'key', 'value', 'headers', 'leaderEpoch']

it('is what was written, also in a copy and once detached', () => {
  fc.assert(
    fc.property(fc.array(record, { minLength: 1, maxLength: 20 }), (records) => {
      const batch = Buffer.from(buildBatch(records))
      const { messages } = decoded(batch)
      const written = records.map((r, offset) => ({ offset, ...r }))
      expect(messages.map(seen)).toEqual(written)
      const copies = messages.map((m) => m.copy())
      for (const message of messages) expect(message.detach()).toBe(message.size)
      batch.fill(0)
      expect(messages.map(seen)).toEqual(written)
      expect(copies.map(seen)).toEqual(written)
    }),
    { numRuns: 200 },
  )
})

it('a damaged batch is an error beside the messages before it, and nothing beyond its bytes is read', () => {
  fc.assert(
    fc.property(fc.array(record, { minLength: 1, maxLength: 5 }), fc.nat(), fc.nat(255), fc.nat(), (records, at, value, cut) => {
      const batch = Buffer.from(buildBatch(records))
      batch[BATCH_HEADER_BYTES + (at % (batch.length - BATCH_HEADER_BYTES))] = value
      const damaged = batch.subarray(0, batch.length - (cut % 3 === 0 ? cut % (batch.length - BATCH_HEADER_BYTES) : 0))
      const { messages, error } = decoded(damaged)
      for (const m of messages) void [m.key, m.value, m.headers, m.copy()]
      if (error !== undefined) expect(error.code).toBe('CORRUPT_BATCH')
    }),
    { numRuns: 1000 },
  )
})

describe('a message looks like a plain object', () => {
  const binary = Buffer.from([0xff, 0x00])
  const headers = [
    { key: 'a', value: Buffer.from('1') },
    { key: 'a', value: binary },
    { key: 'n', value: null },
  ]
  const make = () => decoded(Buffer.from(buildBatch([{ key: Buffer.from('k'), value: binary, timestampMs: 7, headers }]))).messages[0]!

  it('spread, Object.keys and structuredClone have its eight properties', () => {
    expect(Object.keys(make())).toEqual(NAMES)
    expect(Object.keys({ ...make() })).toEqual(NAMES)
    const clone = structuredClone(make())
    expect(clone).toMatchObject({ topic: 't', partition: 0, offset: 0, timestampMs: 7, leaderEpoch: -1 })
    expect([Buffer.from(clone.key!).toString(), [...clone.value!], clone.headers.length]).toEqual(['k', [0xff, 0], 3])
  })

  it('JSON has text where the bytes are UTF-8 and base64 where text would lie', () => {
    expect(JSON.parse(JSON.stringify(make()))).toEqual({
      topic: 't',
      partition: 0,
      offset: 0,
      timestampMs: 7,
      key: 'k',
      value: { base64: '/wA=' },
      headers: [
        { key: 'a', value: '1' },
        { key: 'a', value: { base64: '/wA=' } },
        { key: 'n', value: null },
      ],
      leaderEpoch: -1,
    })
    expect(textOrBase64(Buffer.from('\ufeffx'))).toBe('\ufeffx')
    expect(textOrBase64(Buffer.from([0xc3]))).toEqual({ base64: 'ww==' })
  })

  it('has the last header of a name, and one shared frozen list when there are none', () => {
    expect([make().header('a'), make().header('n'), make().header('x')]).toEqual([binary, null, undefined])
    const bare = () => decoded(Buffer.from(buildBatch([{ key: null, value: null, timestampMs: 1 }]))).messages[0]!
    expect(bare().headers).toBe(bare().headers)
    expect(Object.isFrozen(bare().headers)).toBe(true)
  })

  it('detach copies once, in place', () => {
    const written = buildBatch([{ key: Buffer.from('k'), value: Buffer.from('value'), timestampMs: 7, headers }])
    const batch = Buffer.allocUnsafeSlow(written.length)
    batch.set(written)
    const message = decoded(batch).messages[0]!
    expect(message.key!.buffer).toBe(batch.buffer)
    expect(message.detach()).toBe(9)
    const { key, value } = message
    expect(key!.buffer).not.toBe(batch.buffer)
    expect(message.detach()).toBe(9)
    expect(message.key).toBe(key)
    expect(message.value).toBe(value)
    expect(new FetchedMessage({ topic: 't', partition: 0, leaderEpoch: 0 }, 0, 0, null, null, NO_HEADERS).detach()).toBe(0)
  })
})
