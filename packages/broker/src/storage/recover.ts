/**
 * Opens the log in a folder that was not closed cleanly: what a crash left is read back and what is not whole is cut
 * off.
 *
 * What an index covers was synced before the index was written: it is not read. A segment is read from where its
 * index ends. At the first batch that is not whole the log ends; what lies behind it in later segments is removed. So
 * is what lies behind a hole: the end of a segment that was not known to be full was lost, where a later segment
 * shows that it was longer. A segment whose offsets lie within one before it was replaced by compaction: the crash came
 * before its file was removed.
 *
 * What is read is written again, as it is. After a sync that failed, Linux holds bytes in the page cache that it
 * believes to be on the disk: a reader sees them, every later sync succeeds, and they are lost with the power.
 * Written again they are synced like any others.
 */
import type { Now } from '@tidemark/platform'
import type { LogEnvironment } from './file-log.ts'
import { scan } from './scan.ts'
import { Segment, type SegmentName } from './segment.ts'
import { SegmentIndex } from './segment-index.ts'

export interface Recovered {
  readonly segments: Segment[]
  readonly bytesCut: number
}

/** Within the call if there is nothing. */
export function recover(folder: string, environment: LogEnvironment): Now<Recovered> {
  const names = Segment.namesIn(environment.disk, folder)
  return names.length === 0 ? { segments: [], bytesCut: 0 } : recoverSegments(folder, names, environment)
}

async function recoverSegments(folder: string, names: readonly SegmentName[], environment: LogEnvironment): Promise<Recovered> {
  Segment.removeUnfinished(environment.disk, folder)
  const segments: Segment[] = []
  let bytesCut = 0
  let next = names[0]!.baseOffset
  let isTorn = false
  for (const name of names) {
    const { baseOffset } = name
    const segment = Segment.known(folder, { ...name, bytes: 0 })
    const before = segments.at(-1)
    const isReplaced = before !== undefined && (baseOffset < next || baseOffset === before.baseOffset)
    const isHole = baseOffset > next && before !== undefined && !before.loaded!.isFull
    isTorn ||= isHole
    if (isTorn || isReplaced) {
      const bytes = await removeSegment(segment, environment)
      if (!isReplaced) bytesCut += bytes
      continue
    }
    const cut = await recoverOne(segment, environment)
    bytesCut += cut
    // Of a full segment nothing is lost: what another program put behind it goes.
    isTorn = cut > 0 && !segment.loaded!.isFull
    next = segment.loaded!.nextOffset
    segments.push(segment)
  }
  // The index of a full segment is read again when it is needed.
  for (const segment of segments.slice(0, -1)) if (segment.indexedBytes === segment.bytes) segment.unload()
  return { segments, bytesCut }
}

/** Returns how many bytes were cut off. */
async function recoverOne(segment: Segment, environment: LogEnvironment): Promise<number> {
  return environment.files.use(segment.path, 'write', async (file) => {
    const size = file.size()
    const stored = segment.storedIndex(environment)
    const index =
      stored !== undefined && stored.bytes <= size ? stored : new SegmentIndex(segment.baseOffset, environment.indexIntervalBytes)
    segment.indexedBytes = index.bytes
    const isWhole = index.isFull || index.bytes === size
    const good = isWhole ? index.bytes : await scan(file, index, (batches, at) => file.write([batches], at, 'background'))
    if (good < size) await file.truncate(good)
    segment.bytes = good
    segment.loaded = index
    return size - good
  })
}

async function removeSegment(segment: Segment, environment: LogEnvironment): Promise<number> {
  const bytes = await environment.files.use(segment.path, 'write', (file) => file.size())
  environment.files.close(segment.path)
  segment.unlink(environment.disk)
  return bytes
}
