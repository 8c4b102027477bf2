/**
 * Reads the batches of a segment file one after the other, each checked, until its end or the first that is not
 * whole.
 */
import type { File, Now } from '@tidemark/platform'
import { BATCH_HEADER_BYTES, batchSizeAt, hasRightCrc, readBatchHeader } from '@tidemark/protocol'
import type { SegmentIndex } from './segment-index.ts'

const READ_BYTES = 1024 * 1024

/**
 * Takes the good batches behind what the index covers into it, and shows them. Returns how many bytes of the file are
 * good.
 */
export async function scan(file: File, index: SegmentIndex, onGood?: (batches: Buffer, position: number) => Now<void>): Promise<number> {
  const size = file.size()
  const memory = Buffer.allocUnsafeSlow(Math.min(READ_BYTES, Math.max(0, size - index.bytes)))
  let want = READ_BYTES
  while (index.bytes < size) {
    const length = Math.min(want, size - index.bytes)
    const chunk = await file.read(index.bytes, length, length <= memory.length ? memory : undefined)
    const before = index.bytes
    const next = takeBatches(chunk, index, size)
    if (index.bytes > before) await onGood?.(chunk.subarray(0, index.bytes - before), before)
    if (next === 'bad') break
    // Not even one batch fitted: it is a large one.
    want = index.bytes === before ? next : READ_BYTES
  }
  return index.bytes
}

/** Returns how many bytes the next batch needs, or `bad` for bytes that are not a batch. */
function takeBatches(chunk: Buffer, index: SegmentIndex, fileSize: number): number | 'bad' {
  let at = 0
  for (;;) {
    const left = chunk.length - at
    const size = batchSizeAt(chunk, at)
    if (size === undefined) return index.bytes + left >= fileSize ? (left === 0 ? READ_BYTES : 'bad') : READ_BYTES
    if (size < BATCH_HEADER_BYTES || index.bytes + size > fileSize) return 'bad'
    if (size > left) return Math.max(READ_BYTES, size)
    if (chunk.readInt8(at + 16) !== 2 || !hasRightCrc(chunk, at, size)) return 'bad'
    const header = readBatchHeader(chunk, at)
    if (header.baseOffset < index.nextOffset || header.lastOffsetDelta < 0 || !Number.isSafeInteger(header.baseOffset)) return 'bad'
    index.add(header)
    at += size
  }
}
