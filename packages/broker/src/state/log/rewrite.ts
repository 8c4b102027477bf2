/**
 * What a topic's settings make of a batch that arrived: another compression, or the broker's time. All else stays as
 * it was.
 */
import {
  BATCH_HEADER_BYTES,
  BatchBuilder,
  type BatchHeader,
  type Compression,
  compressionOf,
  crc32c,
  RecordCursor,
} from '@tidemark/protocol'

const LOG_APPEND_TIME_BIT = 0x08

/**
 * The same records in the topic's `compression.type`; the batch itself if it has it already. Throws `WireError` if it
 * cannot be opened.
 */
export function recompress(batch: Buffer, header: BatchHeader, compressionType: string): Buffer {
  if (compressionType === 'producer') return batch
  const compression = compressionType === 'uncompressed' ? 'none' : (compressionType as Compression)
  if (compressionOf(header.attributes) === compression) return batch
  const { producerId, producerEpoch, baseSequence } = header
  const builder = new BatchBuilder(BATCH_HEADER_BYTES + header.size)
  const cursor = new RecordCursor(batch, header)
  while (cursor.next()) builder.add({ key: cursor.key, value: cursor.value, headers: cursor.headers(), timestampMs: cursor.timestampMs })
  return builder.build({ compression, producerId, producerEpoch, baseSequence })
}

/** Sets the time of all its records, and recomputes the CRC. */
export function stampAppendTime(batch: Buffer, nowMs: number): Buffer {
  batch.writeInt16BE(batch.readInt16BE(21) | LOG_APPEND_TIME_BIT, 21)
  batch.writeBigInt64BE(BigInt(nowMs), 35)
  batch.writeUInt32BE(crc32c(batch.subarray(21)), 17)
  return batch
}
