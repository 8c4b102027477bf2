/** LZ4 frames with independent blocks, the only ones that Kafka's Java client reads. */
import { createRequire } from 'node:module'
import { WireError } from '../wire/error.ts'

type Native = typeof import('lz4-napi')
let loaded: Native | undefined
/** Loaded at the first batch that needs it. */
const native = (): Native => {
  loaded ??= createRequire(import.meta.url)('lz4-napi') as Native
  return loaded
}

const MAGIC = 0x184d2204
/** No byte of LZ4 becomes more than 255. */
const EXPANSION_MAX = 255

export const lz4Compress = (bytes: Buffer): Buffer => native().compressFrameSync(bytes)

export function lz4Decompress(bytes: Buffer, bytesMax: number): Buffer {
  // The library opens whatever it is given: what the frame would become is counted first where that could be too
  // much.
  if (bytes.length * EXPANSION_MAX > bytesMax && openedSize(bytes) > bytesMax) {
    throw new WireError(`lz4: the batch is larger than ${bytesMax} bytes when opened`)
  }
  return native().decompressFrameSync(bytes)
}

/** What the frame becomes, in bytes: its blocks are walked, nothing is opened. */
function openedSize(frame: Buffer): number {
  if (frame.length < 7 || frame.readUInt32LE(0) !== MAGIC) throw new WireError('lz4: not a frame')
  const flags = frame[4]!
  const blockChecksums = (flags & 0x10) !== 0
  let at = 7 + ((flags & 0x08) !== 0 ? 8 : 0) + ((flags & 0x01) !== 0 ? 4 : 0)
  let total = 0
  while (at + 4 <= frame.length) {
    const word = frame.readUInt32LE(at)
    at += 4
    if (word === 0) break
    const length = word & 0x7fffffff
    if (at + length > frame.length) throw new WireError('lz4: a block is cut off')
    total += word === length ? blockSize(frame, at, at + length) : length
    at += length + (blockChecksums ? 4 : 0)
  }
  return total
}

function blockSize(frame: Buffer, at: number, end: number): number {
  let size = 0
  /** A length of 15 goes on in the bytes that follow, up to the first below 255. */
  const longer = (length: number): number => {
    if (length < 15) return length
    for (let byte = 255; byte === 255 && at < end; ) {
      byte = frame[at++]!
      length += byte
    }
    return length
  }
  while (at < end) {
    const token = frame[at++]!
    const literals = longer(token >> 4)
    at += literals
    size += literals
    if (at >= end) break
    at += 2
    size += longer(token & 0x0f) + 4
  }
  return size
}
