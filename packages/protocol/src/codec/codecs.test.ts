import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { apis } from '../messages/apis.ts'
import {
  ConsumerGroupCurrentMemberAssignmentKey,
  ConsumerGroupCurrentMemberAssignmentValue,
  ConsumerGroupMemberMetadataKey,
  ConsumerGroupMemberMetadataValue,
  ConsumerGroupMetadataKey,
  GroupMetadataKey,
  GroupMetadataValue,
  OffsetCommitKey,
  OffsetCommitValue,
} from '../messages/consumer-offsets.ts'
import { ConsumerProtocolAssignment, ConsumerProtocolSubscription } from '../messages/consumer-protocol.ts'
import { RequestHeader, ResponseHeader } from '../messages/headers.ts'
import { array, int32, type Message, message, offset, string, struct } from '../schema/fields.ts'
import { arbitraryOf } from '../testing/arbitrary.ts'
import { WireError } from '../wire/error.ts'
import { Reader } from '../wire/reader.ts'
import { Writer } from '../wire/writer.ts'
import { codecOf } from './codecs.ts'
import { compile } from './compile.ts'
import { interpret } from './interpret.ts'

const messages: Message[] = [
  ...Object.values(apis).flatMap((api) => [api.request as Message, api.response as Message]),
  ...([
    RequestHeader,
    ResponseHeader,
    ConsumerProtocolSubscription,
    ConsumerProtocolAssignment,
    OffsetCommitKey,
    OffsetCommitValue,
    GroupMetadataKey,
    ConsumerGroupMemberMetadataKey,
    ConsumerGroupMetadataKey,
    ConsumerGroupCurrentMemberAssignmentKey,
    ConsumerGroupMemberMetadataValue,
    ConsumerGroupCurrentMemberAssignmentValue,
    GroupMetadataValue,
  ] as Message[]),
]
const everyVersion = messages.flatMap((m) => {
  const [from, to] = m.versions
  return Array.from({ length: to - from + 1 }, (_, i) => [m.name, from + i, m] as const)
})

function encoded(codec: { encode(w: Writer, value: any): void }, value: unknown): Buffer {
  const w = new Writer(16)
  codec.encode(w, value)
  return Buffer.concat(w.chunks())
}

/** Called some hundred thousand times: `expect`, and stacks of a hundred lines, would cost more than the decoding. */
function isRefused(codec: { decode(r: Reader): unknown }, bytes: Buffer): boolean {
  const { stackTraceLimit } = Error
  Error.stackTraceLimit = 0
  try {
    codec.decode(new Reader(bytes))
    return false
  } catch (error) {
    if (error instanceof WireError) return true
    throw error
  } finally {
    Error.stackTraceLimit = stackTraceLimit
  }
}

describe.each(everyVersion)('%s version %i', (_name, version, m) => {
  const closures = interpret(m, version)
  const printed = compile(m, version)
  const values = arbitraryOf(m, version)

  test('is written and read alike by closures and printed code, and comes back', () => {
    fc.assert(
      fc.property(values, (value) => {
        const bytes = encoded(closures, value)
        expect(encoded(printed, value).equals(bytes)).toBe(true)
        const read = closures.decode(new Reader(bytes))
        expect(printed.decode(new Reader(bytes))).toEqual(read)
        expect(read).toMatchObject(value)
        expect(encoded(closures, read).equals(bytes)).toBe(true)
      }),
      { numRuns: 25 },
    )
  })

  test('is refused by WireError alone when it is cut off anywhere', () => {
    fc.assert(
      fc.property(values, (value) => {
        const bytes = encoded(printed, value)
        const refused = [closures, printed].map((codec) => Array.from(bytes, (_, length) => isRefused(codec, bytes.subarray(0, length))))
        expect(refused).toEqual([bytes, bytes].map((all) => Array.from(all, () => true)))
      }),
      { numRuns: 5 },
    )
  })

  test('throws nothing but WireError for damaged bytes, and both codecs agree', () => {
    const outcome = (codec: { decode(r: Reader): unknown }, bytes: Buffer): unknown => {
      try {
        return codec.decode(new Reader(bytes))
      } catch (error) {
        expect(error).toBeInstanceOf(WireError)
        return 'refused'
      }
    }
    fc.assert(
      fc.property(values, fc.nat(), fc.nat(255), (value, where, byte) => {
        const bytes = encoded(printed, value)
        if (bytes.length > 0) bytes[where % bytes.length] = byte
        expect(outcome(printed, bytes)).toEqual(outcome(closures, bytes))
      }),
      { numRuns: 40 },
    )
  })
})

describe('the schema language', () => {
  const m = message(
    'M',
    { versions: '0-1', flexible: '1+' },
    {
      number: int32(),
      place: offset(),
      inner: struct({ text: string() }, { nullable: '0+', default: null }),
      list: array(int32(), { versions: '1+', default: [] }),
    },
  )
  const codec = codecOf(m, 1)

  test.each([
    ['an int32 above its range', { number: 2 ** 31, place: 0 }],
    ['a fraction', { number: 1.5, place: 0 }],
    ['a position that is not a safe integer', { number: 1, place: 2 ** 53 }],
    ['a field left out that has no default', { place: 0 }],
    ['null where it is not allowed', { number: 1, place: 0, list: null }],
  ])('refuses to write %s', (_, value) => {
    for (const c of [codec, interpret(m, 1)]) expect(() => c.encode(new Writer(), value as never)).toThrow(WireError)
  })

  test('a received position that is not a safe integer is NaN, for the handler to refuse by itself', () => {
    const bytes = encoded(codec, { number: 1, place: 7 })
    bytes.writeBigInt64BE(2n ** 60n, 4)
    for (const c of [codec, interpret(m, 1)]) expect(c.decode(new Reader(bytes)).place).toBeNaN()
  })

  test('a struct may be null', () => {
    for (const inner of [null, { text: 'x' }]) {
      expect(codec.decode(new Reader(encoded(codec, { number: 1, place: 0, inner }))).inner).toEqual(inner)
    }
  })

  test('a length that the bytes cannot hold is refused before anything is allocated', () => {
    const hostile = Buffer.from([0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0x0f])
    const before = process.memoryUsage().arrayBuffers
    for (const c of [codec, interpret(m, 1)]) expect(() => c.decode(new Reader(hostile))).toThrow(WireError)
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(1024 * 1024)
  })

  test('a string of more than 32,767 bytes is refused, also where its length could say more', () => {
    const texts = message('T', { versions: '0-1', flexible: '1+' }, { text: string({ nullable: '0+' }) })
    const held = (size: number): Buffer => {
      const length = size + 1
      const uvarint = [(length & 0x7f) | 0x80, ((length >> 7) & 0x7f) | 0x80, length >> 14]
      return Buffer.concat([Buffer.from(uvarint), Buffer.alloc(size, 'x'), Buffer.from([0])])
    }
    for (const c of [codecOf(texts, 1), interpret(texts, 1)]) {
      expect(c.decode(new Reader(held(32_767))).text).toHaveLength(32_767)
      expect(() => c.decode(new Reader(held(32_768)))).toThrow(WireError)
    }
  })

  test('tagged fields, known and unknown, stand in the order of their tags, whatever their size', () => {
    const tags = message(
      'Tags',
      { versions: '0', flexible: '0+' },
      { two: string({ versions: '0+', tag: 2, default: '' }), five: int32({ versions: '0+', tag: 5, default: 0 }) },
    )
    const unknownTags = [
      { tag: 9, bytes: Buffer.from('nine') },
      { tag: 3, bytes: Buffer.alloc(200, 3) },
    ]
    const long = 'x'.repeat(20_000)
    for (const c of [codecOf(tags, 0), interpret(tags, 0)]) {
      const bytes = encoded(c, { two: long, five: 7, unknownTags })
      const r = new Reader(bytes)
      expect(r.uvarint()).toBe(4)
      const order = [2, 3, 5, 9].map((tag) => {
        expect(r.uvarint()).toBe(tag)
        return Buffer.from(r.slice(r.uvarint()))
      })
      expect(order.map((value) => value.length)).toEqual([20_003, 200, 4, 4])
      expect(c.decode(new Reader(bytes))).toEqual({ two: long, five: 7, unknownTags: unknownTags.toReversed() })
    }
  })

  test('a version that was not declared has no codec', () => {
    expect(() => codecOf(m, 2)).toThrow(RangeError)
  })
})
