/**
 * A look at the records that a move makes a group handle again, or skip: the first and the last of each range, and all
 * of a short one. Bounded in partitions, records, memory and time; what is not seen is said.
 */
import { type CallLimits, type Kafka, type ReceivedMessage, read, TidemarkError } from '@tidemark/client'
import { handleOf } from '@tidemark/client/internal'
import { durationText } from './text.ts'
import type { RecordGlance } from './types.ts'

export interface GlancedRange {
  readonly topic: string
  readonly partition: number
  readonly from: number
  /** Exclusive. */
  readonly to: number
}

export interface RangeGlance {
  readonly first: RecordGlance | null
  readonly last: RecordGlance | null
  /** Counted one by one; null: the range is too long for that. */
  readonly records: number | null
  readonly bytes: { readonly value: number; readonly certainty: 'exact' | 'estimated' } | null
}

export interface Glances {
  /** One for each range, in order. */
  readonly glances: readonly RangeGlance[]
  readonly notRead: { readonly partitions: number; readonly why: string } | null
}

/** More partitions than these are not read: a preview answers within seconds. */
const PARTITIONS_MAX = 64
const AT_ONCE = 8
const TIME_MAX_MS = 5_000
/** A range of at most so many offsets is read whole, and counted. */
const COUNTED_MAX = 500
/** How far before its end the last record of a range is looked for: compaction and transactions leave holes. */
const TAILS: readonly number[] = [1, 50, 500]
const BUFFER_BYTES = 1024 * 1024
const TEXT_MAX = 80

const UNSEEN: RangeGlance = { first: null, last: null, records: null, bytes: null }

export async function glanceAt(kafka: Kafka, ranges: readonly GlancedRange[], limits: CallLimits): Promise<Glances> {
  const { clock } = handleOf(kafka).platform
  const glances: RangeGlance[] = ranges.map(() => UNSEEN)
  let failure: TidemarkError | undefined
  let seen = 0
  const time = new AbortController()
  const timeMs = Math.min(TIME_MAX_MS, limits.timeoutMs ?? TIME_MAX_MS)
  const timer = clock.schedule(timeMs, () => time.abort())
  const signal = limits.signal === undefined ? time.signal : AbortSignal.any([limits.signal, time.signal])
  const queue = [...ranges.slice(0, PARTITIONS_MAX).entries()]
  const work = async (): Promise<void> => {
    for (let next = queue.shift(); next !== undefined && failure === undefined; next = queue.shift()) {
      try {
        glances[next[0]] = await glanceOf(kafka, next[1], signal)
        seen++
      } catch (error) {
        // A plan is whole without a look at the records: no right to read them, a leader that is away, too little time.
        if (!(error instanceof TidemarkError) || limits.signal?.aborted) throw error
        failure = error
      }
    }
  }
  try {
    await Promise.all(Array.from({ length: AT_ONCE }, work))
  } finally {
    timer.cancel()
  }
  if (seen === ranges.length) return { glances, notRead: null }
  const why = time.signal.aborted
    ? `it took longer than ${durationText(timeMs)}`
    : (failure?.message ?? `a plan looks at ${PARTITIONS_MAX} partitions`)
  return { glances, notRead: { partitions: ranges.length - seen, why } }
}

async function glanceOf(kafka: Kafka, { topic, partition, from, to }: GlancedRange, signal: AbortSignal): Promise<RangeGlance> {
  const isShort = to - from <= COUNTED_MAX
  const head = await readSome(kafka, topic, partition, from, to, isShort ? undefined : 1, signal)
  if (isShort) return { first: head.first, last: head.last, records: head.records, bytes: { value: head.bytes, certainty: 'exact' } }
  for (const back of TAILS) {
    const tail = await readSome(kafka, topic, partition, Math.max(from, to - back), to, undefined, signal)
    if (tail.last === null || head.first === null) continue
    const size = (head.bytes + tail.bytes) / (head.records + tail.records)
    return { first: head.first, last: tail.last, records: null, bytes: { value: Math.round(size * (to - from)), certainty: 'estimated' } }
  }
  return { ...UNSEEN, first: head.first }
}

async function readSome(
  kafka: Kafka,
  topic: string,
  partition: number,
  from: number,
  to: number,
  recordsMax: number | undefined,
  signal: AbortSignal,
) {
  let first: RecordGlance | null = null
  let last: RecordGlance | null = null
  let records = 0
  let bytes = 0
  const options = { from: { [partition]: from }, to: { [partition]: to }, signal, bufferBytesMax: BUFFER_BYTES }
  for await (const message of read(kafka, topic, options)) {
    last = glanced(message)
    first ??= last
    bytes += sizeOf(message)
    if (++records === recordsMax) break
  }
  return { first, last, records, bytes }
}

const sizeOf = ({ key, value, headers }: ReceivedMessage): number =>
  (key?.length ?? 0) + (value?.length ?? 0) + headers.reduce((sum, h) => sum + h.key.length + (h.value?.length ?? 0), 0)

const glanced = ({ offset, timestampMs, key, value }: ReceivedMessage): RecordGlance => ({
  offset,
  timestampMs,
  key: key && textOfBytes(key),
  value: value && textOfBytes(value),
})

/** What is not UTF-8 becomes base64, which says so. */
export function textOfBytes(bytes: Uint8Array): string {
  const cut = bytes.subarray(0, TEXT_MAX * 4)
  let text: string
  try {
    // With `stream` a character that the cut divides is left out.
    text = new TextDecoder('utf-8', { fatal: true }).decode(cut, { stream: bytes.length > cut.length })
  } catch (error) {
    if (!(error instanceof TypeError)) throw error // what TextDecoder throws for bytes that are not UTF-8
    text = `base64:${Buffer.from(cut).toString('base64')}`
  }
  const characters = [...text]
  return characters.length > TEXT_MAX || bytes.length > cut.length ? `${characters.slice(0, TEXT_MAX - 1).join('')}…` : text
}
