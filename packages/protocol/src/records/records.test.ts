import { gzipSync } from 'node:zlib'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { WireError } from '../wire/error.ts'
import { batchesIn, type Compression, hasRightCrc, lastOffsetOf, readBatchHeader, stampBatch } from './batch.ts'
import { BatchBuilder, buildBatch, type RecordToWrite } from './build.ts'
import { compress, decompress } from './compression.ts'
import { murmur2, partitionOfGroup, partitionOfKey, stringHashCode } from './hash.ts'
import { checkRecords, RecordCursor } from './read.ts'

const CODECS: readonly Compression[] = ['none', 'gzip', 'snappy', 'lz4', 'zstd']
const bytes = fc.option(fc.uint8Array({ maxLength: 300 }), { nil: null })
const record: fc.Arbitrary<RecordToWrite> = fc.record({
  key: bytes,
  value: bytes,
  headers: fc.array(fc.record({ key: fc.string({ maxLength: 8 }), value: bytes }), { maxLength: 3 }),
  timestampMs: fc.integer({ min: 0, max: 2 ** 42 }),
})

function readAll(batch: Buffer): RecordToWrite[] {
  const cursor = new RecordCursor(batch, readBatchHeader(batch))
  const out: RecordToWrite[] = []
  while (cursor.next()) {
    out.push({ key: cursor.key, value: cursor.value, headers: cursor.headers(), timestampMs: cursor.timestampMs })
  }
  return out
}

const plain = (r: RecordToWrite) => ({
  key: r.key && Buffer.from(r.key).toString('hex'),
  value: r.value && Buffer.from(r.value).toString('hex'),
  headers: (r.headers ?? []).map((h) => [h.key, h.value && Buffer.from(h.value).toString('hex')]),
  timestampMs: r.timestampMs,
})

describe('record batches', () => {
  test.each(CODECS)('with %s come back as they were written', (compression) => {
    fc.assert(
      fc.property(fc.array(record, { minLength: 1, maxLength: 20 }), (records) => {
        const batch = buildBatch(records, { compression, baseOffset: 5 })
        const header = readBatchHeader(batch)
        expect(header.size).toBe(batch.length)
        expect(hasRightCrc(batch, 0, batch.length)).toBe(true)
        expect(lastOffsetOf(header)).toBe(4 + records.length)
        expect(header.maxTimestamp).toBe(Math.max(...records.map((r) => r.timestampMs)))
        expect(readAll(batch).map(plain)).toEqual(records.map(plain))
        if (compression === 'none') checkRecords(batch, header)
      }),
      { numRuns: compression === 'none' ? 200 : 30 },
    )
  })

  test('a batch that was damaged anywhere behind its CRC is noticed', () => {
    const batch = buildBatch([{ key: null, value: Buffer.from('hello'), timestampMs: 1 }])
    for (let at = 21; at < batch.length; at++) {
      const damaged = Buffer.from(batch)
      damaged[at]! ^= 0x10
      expect(hasRightCrc(damaged, 0, damaged.length)).toBe(false)
    }
  })

  test('base offset and leader epoch are written without touching the CRC (trap 13)', () => {
    const batch = buildBatch([{ key: null, value: Buffer.from('x'), timestampMs: 1 }])
    stampBatch(batch, 0, 2 ** 40 + 7, 3)
    expect(readBatchHeader(batch)).toMatchObject({ baseOffset: 2 ** 40 + 7, leaderEpoch: 3 })
    expect(hasRightCrc(batch, 0, batch.length)).toBe(true)
  })

  test('a batch that is cut off at the end of a fetch is left out', () => {
    const one = buildBatch([{ key: null, value: Buffer.from('one'), timestampMs: 1 }])
    const two = buildBatch([{ key: null, value: Buffer.from('two'), timestampMs: 1 }], { baseOffset: 1 })
    const both = Buffer.concat([one, two])
    for (let length = 0; length <= both.length; length++) {
      const whole = length >= both.length ? 2 : length >= one.length ? 1 : 0
      expect([...batchesIn(both.subarray(0, length))]).toHaveLength(whole)
    }
  })

  test('broken records are refused by WireError alone, wherever a byte is changed', () => {
    const records = Array.from({ length: 5 }, (_, i) => ({
      key: Buffer.from(`k${i}`),
      value: Buffer.from('some value'),
      headers: [{ key: 'h', value: Buffer.from('v') }],
      timestampMs: 1_000 + i,
    }))
    const batch = buildBatch(records)
    let refused = 0
    for (let at = 57; at < batch.length; at++) {
      for (const bit of [1, 0x40, 0x80]) {
        const damaged = Buffer.from(batch)
        damaged[at]! ^= bit
        try {
          checkRecords(damaged, readBatchHeader(damaged))
          readAll(damaged)
        } catch (error) {
          expect(error).toBeInstanceOf(WireError)
          refused++
        }
      }
    }
    expect(refused).toBeGreaterThan(100)
  })

  test('a builder grows with what it is given', () => {
    const builder = new BatchBuilder(64)
    for (let i = 0; i < 100; i++) builder.add({ key: null, value: Buffer.alloc(1000, i), timestampMs: i })
    expect(readAll(builder.build())).toHaveLength(100)
  })
})

describe('decompression', () => {
  const zeros = Buffer.alloc(1024 * 1024)
  test.each(['gzip', 'snappy', 'lz4', 'zstd'] as const)('%s refuses to become more than it may', (codec) => {
    const packed = compress(codec, zeros)
    expect(() => decompress(codec, packed, 1000)).toThrow(WireError)
    expect(decompress(codec, packed, zeros.length).equals(zeros)).toBe(true)
  })

  test.each(['gzip', 'snappy', 'lz4', 'zstd'] as const)('%s refuses damaged bytes by WireError alone', (codec) => {
    const packed = compress(codec, Buffer.from('some text that repeats, some text that repeats'.repeat(20)))
    for (let length = 0; length < packed.length; length += 3) {
      try {
        decompress(codec, packed.subarray(0, length), 100_000)
      } catch (error) {
        expect(error).toBeInstanceOf(WireError)
      }
    }
    expect(() => decompress(codec, Buffer.from('no such thing at all'), 100_000)).toThrow(WireError)
  })

  test('snappy is read bare as well as in the frames of Java', () => {
    const text = Buffer.from('some text that repeats, some text that repeats')
    const framed = compress('snappy', text)
    const bare = framed.subarray(20)
    expect(decompress('snappy', bare, 1000).equals(text)).toBe(true)
    expect(framed.subarray(0, 8).toString('latin1')).toBe('\x82SNAPPY\0')
  })

  test('gzip of another writer is read', () => {
    expect(decompress('gzip', gzipSync('abc'), 10).toString()).toBe('abc')
  })
})

// Values of Kafka's own test (org.apache.kafka.common.utils.UtilsTest.testMurmur2) and of the Java language.
describe('the hashes of Java', () => {
  test.each([
    ['21', -973932308],
    ['foobar', -790332482],
    ['a-little-bit-long-string', -985981536],
    ['a-little-bit-longer-string', -1486304829],
    ['lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8', -58897971],
    ['abc', 479470107],
  ])('murmur2 of %s', (text, hash) => {
    expect(murmur2(Buffer.from(text))).toBe(hash)
  })

  test('String.hashCode over UTF-16 units', () => {
    expect(stringHashCode('')).toBe(0)
    expect(stringHashCode('hello')).toBe(99162322)
    expect(stringHashCode('polygenelubricants')).toBe(-2147483648)
  })

  test('a key and a group find their partition even where the hash is the smallest integer', () => {
    expect(partitionOfGroup('polygenelubricants', 50)).toBe(0)
    // Hashes below 0, from Kafka 4.3's own `Utils.abs`: -1068799201 and -109829509.
    expect([partitionOfGroup('modern', 4), partitionOfGroup('billing', 4), partitionOfGroup('billing', 50)]).toEqual([1, 1, 9])
    expect(partitionOfKey(Buffer.from('21'), 6)).toBe((-973932308 & 0x7fffffff) % 6)
  })
})
