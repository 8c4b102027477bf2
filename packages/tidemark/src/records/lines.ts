/**
 * A stream of bytes, cut at newlines. A line's bytes are left as they are: a carriage return before the newline
 * belongs to it.
 */
import { TidemarkError } from '@tidemark/platform'

export interface Line {
  /** From 1. */
  readonly number: number
  readonly bytes: Buffer
}

export const LINE_BYTES_MAX = 64 * 1024 * 1024
const NEWLINE = 0x0a

/**
 * A last line without a newline counts, unless it is empty. Throws `TidemarkError` INVALID_MESSAGE for one that is too
 * long.
 */
export async function* linesOf(chunks: AsyncIterable<Buffer>, bytesMax = LINE_BYTES_MAX): AsyncGenerator<Line> {
  let number = 0
  let begun: Buffer[] = []
  let begunBytes = 0
  const take = (rest: Buffer): Line => {
    const bytes = begun.length === 0 ? rest : Buffer.concat([...begun, rest])
    begun = []
    begunBytes = 0
    return { number: ++number, bytes }
  }
  for await (const chunk of chunks) {
    let from = 0
    for (let at = chunk.indexOf(NEWLINE); at >= 0; at = chunk.indexOf(NEWLINE, from)) {
      yield take(chunk.subarray(from, at))
      from = at + 1
    }
    if (from === chunk.length) continue
    begun.push(chunk.subarray(from))
    begunBytes += chunk.length - from
    if (begunBytes > bytesMax) throw new TidemarkError('INVALID_MESSAGE', `line ${number + 1} is longer than ${bytesMax} bytes`)
  }
  if (begunBytes > 0) yield take(Buffer.alloc(0))
}
