import { buildBatch, crc32c, errorOf } from '@tidemark/protocol'
import { describe, expect, test } from 'vitest'
import { batchOf, text } from '../../testing/index.ts'
import { judge, type Rules } from './validate.ts'

const rules: Rules = {
  version: 9,
  nowMs: 10_000_000,
  messageBytesMax: 1_000,
  timestampBeforeMsMax: Number.MAX_SAFE_INTEGER,
  timestampAfterMsMax: 3_600_000,
  logAppendTime: false,
  compacted: false,
}

function verdict(records: Buffer | null, changed: Partial<Rules> = {}): string {
  const judged = judge(records, { ...rules, ...changed })
  return judged.kind === 'good' ? 'good' : errorOf(judged.code).name
}

/** The batch after an edit, with a CRC that is right again. */
function edited(edit: (batch: Buffer) => void, batch = batchOf({ values: ['a', 'b'] })): Buffer {
  edit(batch)
  batch.writeUInt32BE(crc32c(batch.subarray(21)), 17)
  return batch
}

describe('one batch of format v2 (trap 13)', () => {
  test('a good batch is good', () => {
    expect(verdict(batchOf())).toBe('good')
    expect(verdict(batchOf({ producerId: 1n, producerEpoch: 0, baseSequence: 0 }))).toBe('good')
  })

  test('none, half of one and two are refused', () => {
    expect(verdict(null)).toBe('INVALID_RECORD')
    expect(verdict(Buffer.alloc(0))).toBe('INVALID_RECORD')
    expect(verdict(batchOf().subarray(0, 40))).toBe('INVALID_RECORD')
    expect(verdict(Buffer.concat([batchOf(), batchOf()]))).toBe('INVALID_RECORD')
  })

  test('a wrong CRC and a size that no batch has are corruption', () => {
    const damaged = batchOf()
    damaged[damaged.length - 1]! ^= 1
    expect(verdict(damaged)).toBe('CORRUPT_MESSAGE')
    const short = batchOf()
    short.writeInt32BE(3, 8)
    expect(verdict(short)).toBe('CORRUPT_MESSAGE')
  })

  test('formats v0 and v1 are refused, others do not exist', () => {
    for (const [magic, name] of [
      [0, 'INVALID_RECORD'],
      [1, 'INVALID_RECORD'],
      [3, 'CORRUPT_MESSAGE'],
      [-1, 'CORRUPT_MESSAGE'],
    ] as const) {
      expect(verdict(edited((b) => b.writeInt8(magic, 16)))).toBe(name)
    }
  })

  test('the last offset delta is the count less one', () => {
    expect(verdict(edited((b) => b.writeInt32BE(5, 23)))).toBe('INVALID_RECORD')
    expect(verdict(edited((b) => b.writeInt32BE(0, 57)))).toBe('INVALID_RECORD')
  })

  test('control batches are for the broker alone', () => {
    expect(verdict(edited((b) => b.writeInt16BE(0x20, 21)))).toBe('INVALID_RECORD')
  })

  test('a base offset other than 0 is refused', () => {
    expect(verdict(batchOf().fill(1, 7, 8))).toBe('INVALID_RECORD')
  })

  test('the records of an uncompressed batch are walked: one that is broken would stop every consumer', () => {
    expect(verdict(edited((b) => b.writeUInt8(0x7f, 61)))).toBe('INVALID_RECORD')
    expect(verdict(edited((b) => b.writeInt32BE(2, 57) && b.writeInt32BE(1, 23), batchOf()))).toBe('INVALID_RECORD')
  })

  test('a producer id without a sequence is refused', () => {
    expect(verdict(batchOf({ producerId: 5n, producerEpoch: 0 }))).toBe('INVALID_RECORD')
  })

  test('transactions are not served', () => {
    expect(verdict(edited((b) => b.writeInt16BE(0x10, 21)))).toBe('INVALID_TXN_STATE')
  })

  test('any bytes are judged, none throw', () => {
    const good = batchOf({ values: ['a', 'b', 'c'] })
    for (let at = 0; at < good.length; at++) {
      for (const bit of [1, 0x40, 0x80]) {
        const changed = Buffer.from(good)
        changed[at]! ^= bit
        expect(() => judge(changed, rules)).not.toThrow()
        expect(() =>
          judge(
            edited(() => {}, Buffer.from(changed)),
            rules,
          ),
        ).not.toThrow()
      }
      expect(() => judge(good.subarray(0, at), rules)).not.toThrow()
    }
  })
})

test('a batch above max.message.bytes is too large (trap 14)', () => {
  expect(verdict(batchOf({ values: ['x'.repeat(2000)] }))).toBe('MESSAGE_TOO_LARGE')
  expect(verdict(batchOf({ values: ['x'.repeat(2000)] }), { messageBytesMax: 3000 })).toBe('good')
})

test('zstd is refused below Produce version 7 (trap 14)', () => {
  const batch = buildBatch([{ key: null, value: text('v'), timestampMs: 1 }], { compression: 'zstd' })
  expect(verdict(batch, { version: 6 })).toBe('UNSUPPORTED_COMPRESSION_TYPE')
  expect(verdict(batch, { version: 7 })).toBe('good')
})

test('a compacted topic takes no record without a key, compressed or not, and says which ones (trap 15)', () => {
  const records = ['k', null, 'k', null].map((key) => ({ key: key === null ? null : text(key), value: text('v'), timestampMs: 1 }))
  for (const compression of ['none', 'gzip'] as const) {
    const batch = buildBatch(records, { compression })
    expect(judge(batch, { ...rules, compacted: true })).toMatchObject({ kind: 'bad', recordErrors: [{ batchIndex: 1 }, { batchIndex: 3 }] })
    expect(verdict(buildBatch(records.slice(0, 1), { compression }), { compacted: true })).toBe('good')
  }
})

test('times too far ahead or behind are refused, and so is a log append time by a client (trap 16)', () => {
  expect(verdict(batchOf({ timesMs: [rules.nowMs + 3_600_001] }))).toBe('INVALID_TIMESTAMP')
  expect(verdict(batchOf({ timesMs: [rules.nowMs + 3_600_000] }))).toBe('good')
  expect(verdict(batchOf({ timesMs: [5] }), { timestampBeforeMsMax: 1000 })).toBe('INVALID_TIMESTAMP')
  expect(verdict(edited((b) => b.writeBigInt64BE(2n ** 63n - 1n, 35)))).toBe('INVALID_TIMESTAMP')
  expect(verdict(edited((b) => b.writeInt16BE(0x08, 21)))).toBe('INVALID_TIMESTAMP')
  expect(verdict(batchOf({ timesMs: [-1] }), { timestampBeforeMsMax: 1000 })).toBe('good')
})

describe('each record has a time of its own (LogValidator)', () => {
  /** A batch whose header claims the time of `claimedMs` for all of its records. */
  const claiming = (timesMs: number[], claimedMs: number): Buffer =>
    edited((b) => b.writeBigInt64BE(BigInt(claimedMs), 35), batchOf({ values: timesMs.map(String), timesMs }))

  test('a record too far ahead is refused and named, whatever the header says', () => {
    const { nowMs } = rules
    const ahead = nowMs + 3_600_001
    expect(judge(claiming([nowMs, ahead, nowMs, ahead], nowMs), rules)).toMatchObject({
      kind: 'bad',
      code: 32,
      message: expect.stringContaining('record 1'),
      recordErrors: [
        { batchIndex: 1, batchIndexErrorMessage: expect.stringContaining(String(ahead)) },
        { batchIndex: 3, batchIndexErrorMessage: expect.stringContaining('3600000 ms ahead') },
      ],
    })
  })

  test('a record too far behind is refused and named, though the first one of its batch is not', () => {
    const { nowMs } = rules
    const judged = judge(batchOf({ values: ['a', 'b'], timesMs: [nowMs, nowMs - 1001] }), { ...rules, timestampBeforeMsMax: 1000 })
    expect(judged).toMatchObject({ kind: 'bad', code: 32, recordErrors: [{ batchIndex: 1 }] })
  })

  test('a header whose times are out of range is refused, though no record is', () => {
    expect(verdict(claiming([rules.nowMs], rules.nowMs + 3_600_001))).toBe('INVALID_TIMESTAMP')
  })

  test('a record without a time passes; one of a time that cannot be is refused', () => {
    expect(verdict(batchOf({ values: ['a', 'b'], timesMs: [5, -1] }))).toBe('good')
    expect(verdict(batchOf({ values: ['a', 'b'], timesMs: [5, -2] }))).toBe('INVALID_TIMESTAMP')
  })

  test('where the broker sets the time, that of the producer does not matter', () => {
    expect(verdict(batchOf({ timesMs: [rules.nowMs + 3_600_001] }), { logAppendTime: true })).toBe('good')
  })

  test('of a compressed batch the header is checked, and its records where it is opened for their keys', () => {
    const { nowMs } = rules
    const record = { key: text('k'), value: text('v'), timestampMs: nowMs + 3_600_001 }
    const batch = buildBatch([record], { compression: 'gzip' })
    expect(verdict(batch)).toBe('INVALID_TIMESTAMP')
    const lying = edited(
      (b) => {
        b.writeBigInt64BE(BigInt(nowMs), 35)
      },
      Buffer.from(buildBatch([{ ...record, timestampMs: nowMs }, record], { compression: 'gzip' })),
    )
    expect(verdict(lying)).toBe('good')
    expect(judge(lying, { ...rules, compacted: true })).toMatchObject({ code: 32, recordErrors: [{ batchIndex: 1 }] })
  })
})
