/**
 * Codecs that kafkajs takes from outside: for snappy the package that its documents name, for LZ4 the fork of theirs
 * that needs no compiler, for zstd, whose package needs one too, what Node.js has.
 */
import { promisify } from 'node:util'
import { zstdCompress, zstdDecompress } from 'node:zlib'

const [compress, decompress] = [promisify(zstdCompress), promisify(zstdDecompress)]

/** Into the kafkajs that this `load` finds. */
export function installCodecs(load: NodeJS.Require): void {
  const { CompressionCodecs, CompressionTypes } = load('kafkajs')
  const Lz4 = load('@2l/kafkajs-lz4')
  CompressionCodecs[CompressionTypes.Snappy] = load('kafkajs-snappy')
  CompressionCodecs[CompressionTypes.LZ4] = new Lz4().codec
  CompressionCodecs[CompressionTypes.ZSTD] = () => ({ compress: ({ buffer }: { buffer: Buffer }) => compress(buffer), decompress })
}
