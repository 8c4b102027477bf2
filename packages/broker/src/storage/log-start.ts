/**
 * Where a log begins, kept beside its segments: a small file `start` with the offset (int64). It is written before
 * the files of what lies below are removed, so that forgotten records never come back. A log without the file begins
 * with its first segment.
 */
import { int53, putInt53 } from '@tidemark/protocol'
import type { SmallFiles } from './small-files.ts'

const BYTES = 8
const pathOf = (folder: string): string => `${folder}/start`

/** Undefined: the log begins with its first segment. */
export function readLogStart(folder: string, small: SmallFiles): number | undefined {
  const bytes = small.read(pathOf(folder))
  if (bytes?.length !== BYTES) return undefined
  const start = int53(bytes, 0)
  return start >= 0 ? start : undefined
}

export function writeLogStart(folder: string, start: number, small: SmallFiles): Promise<void> {
  const bytes = Buffer.alloc(BYTES)
  putInt53(bytes, 0, start)
  return small.write(pathOf(folder), bytes)
}
