/**
 * The records of one partition in a Fetch answer, as messages. Pure.
 *
 * The position always moves to the end of a batch that was read, whatever it held: markers, aborted records, records
 * that compaction took out. Records below the position are left out: a broker returns whole batches.
 */
import { TidemarkError } from '@tidemark/platform'
import {
  type BatchHeader,
  batchesIn,
  compressionOf,
  hasRightCrc,
  isControl,
  lastOffsetOf,
  RecordCursor,
  WireError,
} from '@tidemark/protocol'
import { FetchedMessage, NO_HEADERS } from '../messages/message.ts'
import type { Offset } from '../messages/offset.ts'
import { type TopicPartition, textOf } from '../messages/topic-partition.ts'
import type { AbortedFilter } from './aborted.ts'
import type { NextPosition } from './types.ts'

export interface DecodeSettings {
  readonly checkCrc: boolean
  readonly aborted: AbortedFilter | undefined
  /**
   * Decoding stops after the batch that passes this; the rest is fetched again. A small compressed answer can hold a
   * lot.
   */
  readonly bytesMax: number
}

export interface Decoded {
  readonly messages: FetchedMessage[]
  readonly next: NextPosition
  /** The records of the batches that were read, decompressed. */
  readonly bytes: number
  /** Of those, what was decompressed into memory of its own. */
  readonly decompressedBytes: number
  /** Whether any message is a view on the response. */
  readonly isView: boolean
  /** CORRUPT_BATCH, behind the messages that come before it. */
  readonly error: TidemarkError | undefined
}

export function decodeRecords(
  where: TopicPartition,
  records: Buffer,
  from: { readonly offset: number; readonly leaderEpoch: number },
  settings: DecodeSettings,
): Decoded {
  const messages: FetchedMessage[] = []
  let { offset, leaderEpoch } = from
  let bytes = 0
  let decompressedBytes = 0
  let isView = false
  let error: TidemarkError | undefined
  try {
    for (const { at, header } of batchesIn(records)) {
      const end = lastOffsetOf(header) + 1
      if (end <= offset) continue
      const batch = records.subarray(at, at + header.size)
      if (settings.checkCrc && !hasRightCrc(batch, 0, header.size)) throw new WireError('its CRC does not match its bytes')
      const leftOut = settings.aborted?.leavesOut(header, batch) || isControl(header.attributes)
      if (!leftOut) {
        const before = messages.length
        const body = takeBatch(where, batch, header, offset, messages)
        bytes += body.length
        if (messages.length > before) {
          if (compressionOf(header.attributes) === 'none') isView = true
          else decompressedBytes += body.length
        }
      }
      offset = end
      leaderEpoch = header.leaderEpoch
      if (bytes >= settings.bytesMax) break
    }
  } catch (cause) {
    if (!(cause instanceof WireError)) throw cause
    const { topic, partition } = where
    const text = `the batch at or after offset ${offset} of ${textOf(where)} is corrupt: ${cause.message}`
    error = new TidemarkError('CORRUPT_BATCH', text, { topic, partition, offset, cause })
  }
  return { messages, next: { offset: offset as Offset, leaderEpoch }, bytes, decompressedBytes, isView, error }
}

/**
 * Adds the batch's records from `offset` on, and returns the memory that they are views of. All or none of them: a
 * broken one throws first.
 */
function takeBatch(where: TopicPartition, batch: Buffer, header: BatchHeader, offset: number, out: FetchedMessage[]): Buffer {
  const cursor = new RecordCursor(batch, header)
  const { body } = cursor
  const origin = { topic: where.topic, partition: where.partition, leaderEpoch: header.leaderEpoch }
  const before = out.length
  try {
    while (cursor.next()) {
      if (cursor.offset < offset) continue
      const { valueAt, valueSize } = cursor
      const hasHeaders = body[valueSize > 0 ? valueAt + valueSize : valueAt] !== 0
      const headers = hasHeaders ? cursor.headers() : NO_HEADERS
      out.push(new FetchedMessage(origin, cursor.offset, cursor.timestampMs, cursor.key, cursor.value, headers))
    }
  } catch (error) {
    out.length = before
    throw error
  }
  return body
}
