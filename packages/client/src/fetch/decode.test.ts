import { type BatchOptions, buildBatch, type Compression, crc32c, stampBatch } from '@tidemark/protocol'
import { describe, expect, it } from 'vitest'
import { AbortedFilter, type AbortedTransaction } from './aborted.ts'
import { type DecodeSettings, decodeRecords } from './decode.ts'

const WHERE = { topic: 't', partition: 3 }
const SETTINGS: DecodeSettings = { checkCrc: true, aborted: undefined, bytesMax: Number.POSITIVE_INFINITY }

function batch(baseOffset: number, values: string[], options: BatchOptions & { attributes?: number; epoch?: number } = {}): Buffer {
  const records = values.map((v, i) => ({ key: Buffer.from(`k${i}`), value: Buffer.from(v), timestampMs: 1000 + i }))
  const bytes = Buffer.from(buildBatch(records, options))
  if (options.attributes !== undefined) {
    bytes.writeInt16BE(bytes.readInt16BE(21) | options.attributes, 21)
    bytes.writeUInt32BE(crc32c(bytes.subarray(21)), 17)
  }
  stampBatch(bytes, 0, baseOffset, options.epoch ?? 0)
  return bytes
}

function marker(offset: number, producerId: bigint, kind: 'abort' | 'commit'): Buffer {
  const key = Buffer.from([0, 0, 0, kind === 'abort' ? 0 : 1])
  const bytes = Buffer.from(buildBatch([{ key, value: Buffer.alloc(6), timestampMs: 1 }], { producerId, transactional: true }))
  bytes.writeInt16BE(bytes.readInt16BE(21) | 0x20, 21)
  bytes.writeUInt32BE(crc32c(bytes.subarray(21)), 17)
  stampBatch(bytes, 0, offset, 0)
  return bytes
}

const decode = (batches: Buffer[], offset = 0, over: Partial<DecodeSettings> = {}) => {
  const result = decodeRecords(WHERE, Buffer.concat(batches), { offset, leaderEpoch: -1 }, { ...SETTINGS, ...over })
  return { ...result, values: result.messages.map((m) => String(m.value)) }
}

describe('records of an answer', () => {
  it('come with all that belongs to them', () => {
    const records = [
      {
        key: null,
        value: Buffer.from('v'),
        timestampMs: 5,
        headers: [
          { key: 'h', value: Buffer.from('1') },
          { key: 'h', value: null },
        ],
      },
    ]
    const bytes = Buffer.from(buildBatch(records))
    stampBatch(bytes, 0, 7, 4)
    const [message] = decode([bytes], 7).messages
    expect(message).toMatchObject({ topic: 't', partition: 3, offset: 7, timestampMs: 5, key: null, leaderEpoch: 4 })
    expect(message!.headers.map((h) => [h.key, h.value && String(h.value)])).toEqual([
      ['h', '1'],
      ['h', null],
    ])
    expect(message!.header('h')).toBeNull()
    expect(message!.header('x')).toBeUndefined()
  })

  it.each<Compression>(['none', 'gzip', 'snappy', 'lz4', 'zstd'])('are the same through %s', (compression) => {
    const { values, next, error } = decode([batch(0, ['a', 'b', ''], { compression })])
    expect(error).toBeUndefined()
    expect([values, next.offset]).toEqual([['a', 'b', ''], 3])
  })

  it('below the offset that was fetched are left out: a broker returns whole batches (trap 20)', () => {
    expect(decode([batch(10, ['a', 'b', 'c'])], 12).values).toEqual(['c'])
  })

  it('a batch that lies below it altogether changes nothing', () => {
    const { values, next } = decode([batch(0, ['a']), batch(5, ['b'])], 5)
    expect([values, next.offset]).toEqual([['b'], 6])
  })

  it('compaction’s holes: the position moves to the end of the batch, whatever is left of it (trap 24)', () => {
    const thin = batch(10, ['a'])
    thin.writeInt32BE(9, 23)
    thin.writeUInt32BE(crc32c(thin.subarray(21)), 17)
    expect(decode([thin], 3)).toMatchObject({ values: ['a'], next: { offset: 20 } })
    const empty = Buffer.from(buildBatch([{ key: null, value: null, timestampMs: 1 }]).subarray(0, 61))
    empty.writeInt32BE(61 - 12, 8)
    empty.writeInt32BE(4, 23)
    empty.writeInt32BE(0, 57)
    empty.writeUInt32BE(crc32c(empty.subarray(21)), 17)
    stampBatch(empty, 0, 30, 2)
    expect(decode([empty], 30)).toMatchObject({ values: [], next: { offset: 35, leaderEpoch: 2 }, error: undefined })
  })

  it('control batches are skipped, and the position moves past them', () => {
    expect(decode([batch(0, ['a']), marker(1, 5n, 'commit'), batch(2, ['b'])])).toMatchObject({ values: ['a', 'b'], next: { offset: 3 } })
  })

  it('LogAppendTime: all records have the broker’s time (trap 16)', () => {
    const bytes = batch(0, ['a', 'b'], { attributes: 0x08 })
    expect(decode([bytes]).messages.map((m) => m.timestampMs)).toEqual([1001, 1001])
  })

  it('a batch that is cut off at the end is left for the next Fetch', () => {
    const second = batch(1, ['b'])
    for (let cut = 1; cut < second.length; cut++) {
      const { values, next, error } = decode([batch(0, ['a']), second.subarray(0, second.length - cut)])
      expect([values, next.offset, error]).toEqual([['a'], 1, undefined])
    }
  })

  it('decoding stops behind the batch that fills the room, and goes on from there', () => {
    const batches = [batch(0, ['a'.repeat(100)]), batch(1, ['b'.repeat(100)]), batch(2, ['c'])]
    const first = decode(batches, 0, { bytesMax: 150 })
    expect([first.values.length, first.next.offset]).toEqual([2, 2])
    expect(decode(batches, 2, { bytesMax: 150 }).values).toEqual(['c'])
  })
})

describe('a corrupt batch', () => {
  it('never comes through in part: what is before it does, then CORRUPT_BATCH with the place', () => {
    const good = batch(0, ['good'])
    const bad = batch(1, ['one', 'two', 'three'])
    for (let at = 12; at < bad.length; at++) {
      if (at < 16) continue // the leader epoch is not under the CRC
      const bytes = Buffer.from(bad)
      bytes[at]! ^= 0x55
      const { values, next, error } = decode([good, bytes])
      expect([values, next.offset, error?.code, error?.offset], `byte ${at}`).toEqual([['good'], 1, 'CORRUPT_BATCH', 1])
    }
  })

  it('is found by its structure where the CRC is not looked at', () => {
    const bytes = batch(0, ['one', 'two'])
    bytes[61] = 0x7e // a record of 63 bytes
    expect(decode([bytes], 0, { checkCrc: false })).toMatchObject({ values: [], error: { code: 'CORRUPT_BATCH' } })
  })

  it('of an old format is named as such', () => {
    const bytes = batch(0, ['a'])
    bytes[16] = 1
    expect(decode([bytes]).error?.message).toMatch(/record format v1/)
  })
})

describe('readers of committed records', () => {
  const aborted = (...list: AbortedTransaction[]) => ({ aborted: new AbortedFilter(list) })
  const tx = (offset: number, producerId: bigint, ...values: string[]) => batch(offset, values, { producerId, transactional: true })

  it('do not see an aborted transaction, and see those of others (trap 25)', () => {
    const log = [tx(0, 1n, 'no'), tx(1, 2n, 'yes'), marker(2, 1n, 'abort'), marker(3, 2n, 'commit'), batch(4, ['plain'])]
    expect(decode(log, 0, aborted({ producerId: 1n, firstOffset: 0 })).values).toEqual(['yes', 'plain'])
    expect(decode(log).values).toEqual(['no', 'yes', 'plain'])
  })

  it('one producer, two aborted transactions in one answer, in whatever order they are listed', () => {
    const log = [
      tx(0, 1n, 'no'),
      marker(1, 1n, 'abort'),
      tx(2, 1n, 'yes'),
      marker(3, 1n, 'commit'),
      tx(4, 1n, 'no'),
      marker(5, 1n, 'abort'),
      tx(6, 1n, 'yes'),
    ]
    const list = [
      { producerId: 1n, firstOffset: 4 },
      { producerId: 1n, firstOffset: 0 },
    ]
    expect(decode(log, 0, aborted(...list)).values).toEqual(['yes', 'yes'])
  })

  it('an aborted transaction whose marker is not in the answer is left out all the same', () => {
    expect(decode([tx(0, 1n, 'no'), tx(1, 1n, 'no')], 0, aborted({ producerId: 1n, firstOffset: 0 })).values).toEqual([])
  })

  it('an aborted transaction that began below the offset that was fetched', () => {
    expect(
      decode([tx(5, 1n, 'no'), marker(6, 1n, 'abort'), tx(7, 1n, 'yes')], 5, aborted({ producerId: 1n, firstOffset: 2 })).values,
    ).toEqual(['yes'])
  })

  it('a producer’s records outside of transactions are not touched', () => {
    expect(decode([batch(0, ['yes'], { producerId: 1n })], 0, aborted({ producerId: 1n, firstOffset: 0 })).values).toEqual(['yes'])
  })
})

it('a copy of a message keeps all of it, and nothing of the answer', () => {
  const records = ['x', 'y'].map((v) => ({
    key: Buffer.from('key'),
    value: Buffer.from(v.repeat(10)),
    timestampMs: 5,
    headers: [{ key: 'h', value: Buffer.from(v) }],
  }))
  const bytes = Buffer.from(buildBatch(records))
  const message = decode([bytes]).messages[1]!
  const copy = message.copy()
  bytes.fill(0)
  expect(copy).toMatchObject({ topic: 't', partition: 3, offset: 1, timestampMs: 5, leaderEpoch: -1 })
  expect([String(copy.key), String(copy.value), String(copy.header('h'))]).toEqual(['key', 'y'.repeat(10), 'y'])
})

it('null and empty are told apart', () => {
  const empty = Buffer.alloc(0)
  const bytes = buildBatch([
    { key: null, value: null, timestampMs: 1 },
    { key: empty, value: empty, timestampMs: 1 },
  ])
  const { messages } = decode([bytes])
  expect(messages.map((m) => [m.key, m.value])).toEqual([
    [null, null],
    [empty, empty],
  ])
  expect(messages.map((m) => [m.copy().key, m.copy().value])).toEqual([
    [null, null],
    [empty, empty],
  ])
})
