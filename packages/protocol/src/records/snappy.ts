/**
 * Snappy as Kafka's clients write it. Java frames it its own way (xerial), others send one bare block: both are read,
 * and the frames, which every client reads, are written.
 *
 * ```
 * 0x82 'SNAPPY' 0x00 · version int32 · oldest compatible version int32 · { length int32 · block of up to 32 KiB }…
 * ```
 */
import { createRequire } from 'node:module'
import { WireError } from '../wire/error.ts'

type Native = typeof import('snappy')
let loaded: Native | undefined
/** Loaded at the first batch that needs it. */
const native = (): Native => {
  loaded ??= createRequire(import.meta.url)('snappy') as Native
  return loaded
}

const MAGIC = Buffer.from([0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0x00])
const HEADER_BYTES = 16
const BLOCK_BYTES = 32 * 1024

export function snappyCompress(bytes: Buffer): Buffer {
  const header = Buffer.alloc(HEADER_BYTES)
  MAGIC.copy(header)
  header.writeInt32BE(1, 8)
  header.writeInt32BE(1, 12)
  const parts: Buffer[] = [header]
  for (let at = 0; at < bytes.length; at += BLOCK_BYTES) {
    const block = native().compressSync(bytes.subarray(at, at + BLOCK_BYTES))
    const length = Buffer.alloc(4)
    length.writeInt32BE(block.length)
    parts.push(length, block)
  }
  return Buffer.concat(parts)
}

export function snappyDecompress(bytes: Buffer, bytesMax: number): Buffer {
  if (!bytes.subarray(0, MAGIC.length).equals(MAGIC)) return open(bytes, bytesMax)
  const parts: Buffer[] = []
  let size = 0
  for (let at = HEADER_BYTES; at < bytes.length; ) {
    if (at + 4 > bytes.length) throw new WireError('snappy: a block is cut off')
    const length = bytes.readInt32BE(at)
    at += 4
    if (length < 0 || at + length > bytes.length) throw new WireError(`snappy: a block of ${length} bytes is cut off`)
    const part = open(bytes.subarray(at, at + length), bytesMax - size)
    parts.push(part)
    size += part.length
    at += length
  }
  return Buffer.concat(parts, size)
}

/** A block says first what it will become: a varint. */
function open(block: Buffer, bytesMax: number): Buffer {
  let size = 0
  for (let i = 0, unit = 1; i < 5; i++, unit *= 128) {
    const byte = block[i]
    if (byte === undefined) throw new WireError('snappy: a block without a length')
    size += (byte & 0x7f) * unit
    if (byte < 0x80) break
  }
  if (size > bytesMax) throw new WireError(`snappy: a block would become ${size} bytes, more than is allowed`)
  return native().uncompressSync(block, { asBuffer: true }) as Buffer
}
