/** Finds the batches that a reader wants in bytes that were read from a segment, beginning at some batch. */
import type { TidemarkError } from '@tidemark/platform'
import { BATCH_HEADER_BYTES, batchSizeAt, int53 } from '@tidemark/protocol'
import { damage } from '../damage.ts'

export type Cut =
  | { readonly kind: 'found'; readonly begin: number; readonly end: number; readonly nextOffset: number }
  | { readonly kind: 'beyond' }
  | { readonly kind: 'larger'; readonly begin: number; readonly size: number }
  | { readonly kind: 'further'; readonly begin: number }

/** Where the chunk was read, and what its segment can hold: another batch is damage, and not one that is elsewhere. */
export interface Source {
  readonly path: string
  readonly position: number
  /** Bytes of the segment. */
  readonly bytes: number
  /** Offsets from here on, and below the end. */
  readonly baseOffset: number
  readonly endOffset: number
}

const IN_MEMORY: Source = { path: 'the log', position: 0, bytes: Infinity, baseOffset: 0, endOffset: Infinity }

/** The whole batches of the chunk from the one that holds `from`: at least one, then as many as `bytesMax` allows. */
export function cutBatches(chunk: Buffer, from: number, upTo: number, bytesMax: number, source: Source = IN_MEMORY): Cut {
  let at = 0
  let begin = -1
  let nextOffset = from
  let lowest = source.baseOffset
  while (at < chunk.length) {
    // What follows may be in the middle of being written.
    if (at > 0 && lowest >= upTo) return begin < 0 ? { kind: 'beyond' } : { kind: 'found', begin, end: at, nextOffset }
    const size = batchSizeAt(chunk, at)
    if (size !== undefined && size < BATCH_HEADER_BYTES) throw damaged(source, at)
    if (size === undefined || at + BATCH_HEADER_BYTES > chunk.length) break
    const baseOffset = int53(chunk, at)
    const last = baseOffset + chunk.readInt32BE(at + 23)
    const fits = source.position + at + size <= source.bytes && last < source.endOffset
    if (!fits || baseOffset < lowest || last < baseOffset) throw damaged(source, at)
    lowest = last + 1
    if (at + size > chunk.length) {
      if (at > 0) break
      if (last < from) return { kind: 'further', begin: size }
      return baseOffset >= upTo ? { kind: 'beyond' } : { kind: 'larger', begin: 0, size }
    }
    if (last >= from) {
      if (baseOffset >= upTo) return begin < 0 ? { kind: 'beyond' } : { kind: 'found', begin, end: at, nextOffset }
      if (begin < 0) begin = at
      else if (at + size - begin > bytesMax) return { kind: 'found', begin, end: at, nextOffset }
      nextOffset = last + 1
    }
    at += size
  }
  if (begin >= 0) return { kind: 'found', begin, end: at, nextOffset }
  if (at === 0) throw damaged(source, at)
  return { kind: 'further', begin: at }
}

export const damaged = ({ path, position }: Pick<Source, 'path' | 'position'>, at: number): TidemarkError =>
  damage(path, `has no whole record batch at byte ${position + at}`)
