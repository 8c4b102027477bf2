/** The four codecs of Kafka. Synchronous: a batch is small, and what it becomes is needed in the same turn. */
import { createRequire } from 'node:module'
import { gunzipSync, gzipSync, zstdCompressSync, zstdDecompressSync } from 'node:zlib'
import { WireError } from '../wire/error.ts'
import type { Compression } from './batch.ts'

type Codec = Exclude<Compression, 'none'>

export function compress(codec: Codec, bytes: Uint8Array): Buffer {
  if (codec === 'gzip') return gzipSync(bytes)
  if (codec === 'zstd') return zstdCompressSync(bytes)
  throw new WireError(`${codec} is not here yet`)
}

/** Throws `WireError` for damaged bytes and for more than `bytesMax` of them. */
export function decompress(codec: Codec, bytes: Uint8Array, bytesMax: number): Buffer {
  try {
    if (codec === 'gzip') return gunzipSync(bytes, { maxOutputLength: bytesMax })
    if (codec === 'zstd') return zstdDecompressSync(bytes, { maxOutputLength: bytesMax })
  } catch (cause) {
    throw new WireError(`${codec}: ${(cause as Error).message}`)
  }
  throw new WireError(`${codec} is not here yet`)
}
void createRequire
