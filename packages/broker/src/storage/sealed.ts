/**
 * Bytes that know whether they are whole: how every small file is written.
 *
 * ```
 *  0 magic 'TDMK'     4 version uint16 (1)     6 reserved uint16 (0)
 *  8 length uint32 of the payload              12 crc32c uint32 of the payload
 * 16 payload
 * ```
 */
import { crc32c } from '@tidemark/protocol'

const MAGIC = 0x54444d4b
const VERSION = 1
const HEADER_BYTES = 16

export function seal(payload: Uint8Array): Buffer {
  const out = Buffer.allocUnsafe(HEADER_BYTES + payload.length)
  out.writeUInt32BE(MAGIC, 0)
  out.writeUInt16BE(VERSION, 4)
  out.writeUInt16BE(0, 6)
  out.writeUInt32BE(payload.length, 8)
  out.writeUInt32BE(crc32c(payload), 12)
  out.set(payload, HEADER_BYTES)
  return out
}

/** The payload, or undefined if the bytes are not exactly what `seal` made. */
export function unseal(bytes: Buffer): Buffer | undefined {
  if (bytes.length < HEADER_BYTES || bytes.readUInt32BE(0) !== MAGIC || bytes.readUInt16BE(4) !== VERSION) return undefined
  const payload = bytes.subarray(HEADER_BYTES)
  if (payload.length !== bytes.readUInt32BE(8) || crc32c(payload) !== bytes.readUInt32BE(12)) return undefined
  return payload
}
