import { buildBatch, type RecordToWrite } from '@tidemark/protocol'

export const text = (s: string): Buffer => Buffer.from(s)

export interface BatchWish {
  readonly values?: readonly string[]
  readonly key?: string
  readonly timesMs?: readonly number[]
  readonly producerId?: bigint
  readonly producerEpoch?: number
  readonly baseSequence?: number
}

/** A batch of records, one a value. */
export function batchOf({ values = ['v'], key, timesMs, ...options }: BatchWish = {}): Buffer {
  const record = (value: string, i: number): RecordToWrite => ({
    key: key === undefined ? null : text(key),
    value: text(value),
    timestampMs: timesMs?.[i] ?? 1_000,
  })
  return Buffer.from(buildBatch(values.map(record), options))
}
