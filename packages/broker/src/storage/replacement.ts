/**
 * Compaction on disk: what is left of some sealed segments is written to a new segment, which then takes their place.
 *
 * ```
 * 1  write  <first offset>.<generation>.log.new and sync it
 * 2  write  the index files of the new name
 * 3  rename to <first offset>.<generation>.log and sync the folder     from here on a start takes the new one
 * 4  remove the files of the old segments
 * ```
 * A crash leaves the old segments (before 3) or the new one, with old ones that recovery removes. The last batch of the
 * new segment ends where the last one of the old segments did, so that a lost end is still noticed.
 */
import { type BatchHeader, batchesIn, lastOffsetOf, readBatchHeader } from '@tidemark/protocol'
import type { LogEnvironment } from './file-log.ts'
import type { RewriteRules } from './log.ts'
import { Segment } from './segment.ts'
import type { SegmentReader } from './segment-reader.ts'

const READ_BYTES_MAX = 1024 * 1024

interface Source {
  readonly run: readonly Segment[]
  /** Where the run ends: the first offset of the segment behind it. */
  readonly end: number
  readonly reader: SegmentReader
}

/**
 * Writes steps 1 and 2. Undefined: all would stay as it is, or `rules.goesOn` said to stop. Nothing is left behind
 * then.
 */
export async function writeReplacement(
  folder: string,
  { run, end, reader }: Source,
  environment: LogEnvironment,
  rules: RewriteRules,
): Promise<Segment | undefined> {
  const [first] = run
  const segment = Segment.empty(
    folder,
    { baseOffset: first!.baseOffset, generation: first!.generation + 1 },
    environment.indexIntervalBytes,
  )
  const { disk, small, reads } = environment
  const file = await disk.open(segment.unfinishedPath, 'create')
  let isChanged = run.length > 1
  let from = first!.baseOffset
  try {
    await file.truncate(0)
    while (from < end) {
      const found = await reader.read(from, end, READ_BYTES_MAX)
      const rewritten = rewriteAll(found, { from, end }, rules)
      if (rewritten.next <= from) throw new Error(`${first!.path}: no batch at ${from}, and the segments end at ${end}`)
      isChanged ||= rewritten.isChanged
      if (rewritten.batches.length > 0) await file.write(rewritten.batches, segment.bytes, 'background')
      for (const header of rewritten.headers) segment.loaded!.add(header)
      segment.bytes = segment.loaded!.bytes
      for (const bytes of found) reads.give(bytes)
      from = rewritten.next
      if (!(await rules.goesOn())) {
        isChanged = false
        break
      }
    }
    if (isChanged) await file.sync()
  } finally {
    file.close()
  }
  if (!isChanged) {
    disk.unlink(segment.unfinishedPath)
    return undefined
  }
  segment.loaded!.isFull = true
  await segment.saveIndex(segment.loaded!.encode(), small)
  return segment
}

interface Rewritten {
  readonly batches: Buffer[]
  readonly headers: BatchHeader[]
  /** The offset behind the last batch that was looked at. */
  next: number
  isChanged: boolean
}

function rewriteAll(found: readonly Buffer[], { from, end }: { from: number; end: number }, { rewrite }: RewriteRules): Rewritten {
  const result: Rewritten = { batches: [], headers: [], next: from, isChanged: false }
  for (const bytes of found) {
    for (const { at, header } of batchesIn(bytes)) {
      result.next = lastOffsetOf(header) + 1
      const batch = bytes.subarray(at, at + header.size)
      const left = rewrite(batch, header, result.next === end)
      result.isChanged ||= left !== batch
      if (left === undefined) continue
      result.batches.push(left)
      result.headers.push(left === batch ? header : readBatchHeader(left))
    }
  }
  return result
}
