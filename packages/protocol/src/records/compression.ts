/** The four codecs of Kafka. Synchronous: a batch is small, and what it becomes is needed in the same turn. */
import { gunzipSync, gzipSync, zstdCompressSync, zstdDecompressSync } from 'node:zlib'
import { WireError } from '../wire/error.ts'
import type { Compression } from './batch.ts'
import { lz4Compress, lz4Decompress } from './lz4.ts'
import { snappyCompress, snappyDecompress } from './snappy.ts'

type Codec = Exclude<Compression, 'none'>

export function compress(codec: Codec, bytes: Buffer): Buffer {
  switch (codec) {
    case 'gzip':
      return gzipSync(bytes)
    case 'snappy':
      return snappyCompress(bytes)
    case 'lz4':
      return lz4Compress(bytes)
    case 'zstd':
      return zstdCompressSync(bytes)
  }
}

/** Throws `WireError` for damaged bytes, and for what would become more than `bytesMax` of them. */
export function decompress(codec: Codec, bytes: Buffer, bytesMax: number): Buffer {
  try {
    switch (codec) {
      case 'gzip':
        return gunzipSync(bytes, { maxOutputLength: bytesMax })
      case 'snappy':
        return snappyDecompress(bytes, bytesMax)
      case 'lz4':
        return lz4Decompress(bytes, bytesMax)
      case 'zstd':
        return zstdDecompressSync(bytes, { maxOutputLength: bytesMax })
    }
  } catch (cause) {
    if (cause instanceof WireError) throw cause
    if ((cause as { code?: string }).code === 'ERR_BUFFER_TOO_LARGE') tooLarge(codec, bytesMax)
    throw new WireError(`${codec}: ${(cause as Error).message}`)
  }
}

function tooLarge(codec: Codec, bytesMax: number): never {
  throw new WireError(`${codec}: the batch is larger than ${bytesMax} bytes when opened`)
}
