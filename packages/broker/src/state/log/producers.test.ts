import { readBatchHeader } from '@tidemark/protocol'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { batchOf } from '../../testing/index.ts'
import { PartitionState } from './partition-state.ts'
import { Producers, sequenceAfter } from './producers.ts'

interface Sent {
  readonly id?: bigint
  readonly epoch?: number
  readonly sequence: number
  readonly count?: number
  readonly at?: number
}

function header({ id = 7n, epoch = 0, sequence, count = 1, at = 0 }: Sent) {
  const values = Array.from({ length: count }, () => 'v')
  return { ...readBatchHeader(batchOf({ values, producerId: id, producerEpoch: epoch, baseSequence: sequence })), baseOffset: at }
}

function after(...sent: Sent[]): Producers {
  const producers = new Producers()
  for (const one of sent) producers.apply(header(one))
  return producers
}

const verdict = (producers: Producers, sent: Sent): string => producers.check(header(sent)).kind

describe('idempotent producers (trap 18)', () => {
  test('a producer that is not known may begin at any sequence', () => {
    expect(verdict(new Producers(), { sequence: 42 })).toBe('append')
  })

  test('the next sequence is appended; a gap and a step back are out of order', () => {
    const producers = after({ sequence: 0, count: 3 })
    expect(verdict(producers, { sequence: 3 })).toBe('append')
    expect(producers.check(header({ sequence: 4 }))).toEqual({ kind: 'outOfOrder', expected: 3 })
    expect(verdict(producers, { sequence: 1 })).toBe('outOfOrder')
  })

  test('each of the last five batches sent again is a duplicate with the offset it got; the sixth is out of order', () => {
    const sent = [0, 1, 2, 3, 4, 5].map((sequence) => ({ sequence, at: 100 + sequence }))
    const producers = after(...sent)
    for (const { sequence, at } of sent.slice(1)) {
      expect(producers.check(header({ sequence }))).toMatchObject({ kind: 'duplicate', batch: { baseOffset: at } })
    }
    expect(verdict(producers, { sequence: 0 })).toBe('outOfOrder')
  })

  test('a batch that begins like a known one and is longer is not a duplicate', () => {
    expect(verdict(after({ sequence: 0, count: 2 }), { sequence: 0, count: 3 })).toBe('outOfOrder')
  })

  test('a newer epoch begins again at 0, and nowhere else; an older one is fenced', () => {
    const producers = after({ sequence: 0 }, { sequence: 1 })
    expect(verdict(producers, { epoch: 1, sequence: 0 })).toBe('append')
    expect(verdict(producers, { epoch: 1, sequence: 2 })).toBe('outOfOrder')
    producers.apply(header({ epoch: 1, sequence: 0 }))
    expect(verdict(producers, { epoch: 0, sequence: 2 })).toBe('fenced')
    expect(verdict(producers, { epoch: 1, sequence: 1 })).toBe('append')
  })

  test('sequences wrap at 2^31-1', () => {
    const last = 2 ** 31 - 1
    expect(sequenceAfter(last, 1)).toBe(0)
    expect(sequenceAfter(last - 1, 3)).toBe(1)
    expect(verdict(after({ sequence: last }), { sequence: 0 })).toBe('append')
    expect(verdict(after({ sequence: last - 1, count: 4 }), { sequence: 2 })).toBe('append')
  })

  test('beyond the limit the producer that was silent longest is forgotten', () => {
    const producers = new Producers(2)
    for (const id of [1n, 2n, 1n, 3n]) producers.apply(header({ id, sequence: 0 }))
    expect(producers.count).toBe(2)
    expect(verdict(producers, { id: 1n, sequence: 0 })).toBe('duplicate')
    expect(verdict(producers, { id: 2n, sequence: 9 })).toBe('append')
  })
})

test('a snapshot and the batches after it give the state, wherever it was taken', () => {
  const batches = fc.array(
    fc.record({ id: fc.bigInt(0n, 3n), epoch: fc.nat(2), sequence: fc.nat(20), count: fc.integer({ min: 1, max: 3 }) }),
    { maxLength: 30 },
  )
  fc.assert(
    fc.property(batches, fc.nat(30), (sent, cut) => {
      const headers = sent.map((one, i) => ({ ...header({ ...one, at: i * 3 }), leaderEpoch: Math.floor(i / 4) }))
      const whole = new PartitionState()
      const first = new PartitionState()
      headers.forEach((h, i) => {
        whole.apply(h)
        if (i < cut) first.apply(h)
      })
      const second = new PartitionState()
      const point = { reaches: cut * 3, lastCrc: 7 }
      expect(second.restore(first.snapshot(point))).toEqual(point)
      for (const h of headers.slice(cut)) second.apply(h)
      expect(second.snapshot(point)).toEqual(whole.snapshot(point))
    }),
  )
})
