/**
 * Compacts one partition: reads the keys of what was written since the last time, and rewrites the sealed segments
 * without the records that a later one has replaced. Other work has its turn in between.
 */
import { type Clock, type Now, sha256 } from '@tidemark/platform'
import { type BatchHeader, batchesIn, isControl, lastOffsetOf, RecordCursor, WireError } from '@tidemark/protocol'
import type { TopicSettings } from '../../state/configs/topic-configs.ts'
import { type Compaction, compactBatch, dirtyPart } from '../../state/log/compact.ts'
import { OffsetMap } from '../../state/log/offset-map.ts'
import type { Partition } from '../partition.ts'

const READ_BYTES_MAX = 1024 * 1024

export interface CompactionTools {
  readonly clock: Clock
  /** For the last offsets of keys. */
  readonly memoryBytesMax: number
  /** Memory of a read of the log is not used any more. */
  release(bytes: Buffer): void
  /** Asked once other work has had its turn; false: stop. */
  goesOn(): Promise<boolean>
}

/** Resolves with whether more is left to do: memory did not hold all keys. */
export async function compact(partition: Partition, settings: TopicSettings, tools: CompactionTools): Promise<boolean> {
  const nowMs = tools.clock.now()
  // A segment can be sealed before its last append is finished; as in Kafka, nothing above the high watermark is
  // touched.
  const segments = (await partition.log.segments()).filter(({ baseOffset }) => baseOffset <= partition.highWatermark)
  const dirty = dirtyPart(segments, partition.compactedTo, settings, nowMs)
  if (dirty === undefined || partition.deleted) return false
  const { producers } = await partition.state()
  // What is known of the log reaches beyond what goes, so that a start need not fold it again.
  partition.checkpoint()
  const offsets = new OffsetMap(dirty.upTo - dirty.from, tools.memoryBytesMax, sha256)
  const mapped = await mapKeys(partition, dirty, offsets, tools)
  if (mapped === undefined) return false
  const lastBatches = new Map(producers.entries().map(({ producerId, batches }) => [producerId, batches.at(-1)!.baseOffset]))
  const compaction: Compaction = {
    offsets,
    nowMs,
    deleteRetentionMs: settings.deleteRetentionMs,
    endsProducer: ({ producerId, baseOffset }) => producerId >= 0n && lastBatches.get(producerId) === baseOffset,
  }
  let isWhole = true
  await partition.log.rewrite(dirty.upTo, {
    rewrite: (batch, header, staysInPlace) => compactOrKeep(batch, header, staysInPlace, compaction),
    goesOn: async () => {
      isWhole = await tools.goesOn()
      return isWhole
    },
  })
  if (!isWhole) return false
  partition.compacted(mapped)
  return mapped < dirty.upTo
}

/** A batch that cannot be opened stays as its producer sent it. */
function compactOrKeep(batch: Buffer, header: BatchHeader, staysInPlace: boolean, compaction: Compaction): Buffer | undefined {
  try {
    return compactBatch(batch, header, staysInPlace, compaction)
  } catch (error) {
    if (error instanceof WireError) return batch
    throw error
  }
}

/** Returns the offset up to which all keys are in the map; undefined: it was told to stop. */
async function mapKeys(
  { log }: Partition,
  { from, upTo }: { readonly from: number; readonly upTo: number },
  offsets: OffsetMap,
  tools: CompactionTools,
): Promise<number | undefined> {
  let next = from
  while (next < upTo) {
    const found: readonly Buffer[] = await (log.read(next, upTo, READ_BYTES_MAX) as Now<readonly Buffer[]>)
    if (found.length === 0) break
    for (const bytes of found) {
      for (const { at, header } of batchesIn(bytes)) {
        if (lastOffsetOf(header) < next) continue
        const full = putKeys(bytes.subarray(at, at + header.size), header, next, offsets)
        if (full !== undefined) return full
        next = lastOffsetOf(header) + 1
      }
      tools.release(bytes)
    }
    if (!(await tools.goesOn())) return undefined
  }
  return upTo
}

/** Returns the first offset from `from` on that the map has no room for; undefined: it took all. */
function putKeys(batch: Buffer, header: BatchHeader, from: number, offsets: OffsetMap): number | undefined {
  if (isControl(header.attributes)) return undefined
  try {
    const cursor = new RecordCursor(batch, header)
    while (cursor.next()) {
      const { key, offset } = cursor
      if (key !== null && offset >= from && !offsets.put(key, offset)) return offset
    }
  } catch (error) {
    if (!(error instanceof WireError)) throw error
  }
  return undefined
}
