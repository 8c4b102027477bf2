/**
 * Reads a coordinator partition back: its checkpoint, and the log from where that ends, in pieces between which other work goes on.
 *
 * A checkpoint is disposable: one that is damaged is ignored. So is one that was taken of another log: a crash of the machine may
 * leave it and take the end of the log away, which then grows over that offset again; the CRC of the batch it ends with tells.
 */
import type { Clock } from '@tidemark/platform'
import { batchesIn, lastOffsetOf, RecordCursor, WireError } from '@tidemark/protocol'
import { fromCheckpoint } from '../../state/group/checkpoint.ts'
import { decodeRecord } from '../../state/group/records.ts'
import { Shard } from '../../state/group/shard.ts'
import type { LogPoint } from '../../state/log/point.ts'
import type { InternalLog } from '../internal-log.ts'
import { crcOf, isInInternal } from '../log-point.ts'

const READ_BYTES_MAX = 1024 * 1024

export interface Loaded {
  readonly shard: Shard
  /** Records that were read from the log: what the checkpoint did not have. */
  readonly recordsRead: number
  /** Of the last batch of the log. */
  readonly lastCrc: number
}

export async function loadShard(log: InternalLog, checkpoint: Buffer | undefined, clock: Clock): Promise<Loaded> {
  const restored = restore(checkpoint)
  const usable = restored !== undefined && (await isInInternal(log, restored.point))
  const shard = usable ? restored.shard : new Shard()
  let { reaches: from, lastCrc }: LogPoint = usable ? restored.point : { reaches: log.start, lastCrc: 0 }
  let recordsRead = 0
  while (from < log.end) {
    const read = replay(shard, await log.read(from, READ_BYTES_MAX), from)
    if (read.end <= from)
      throw new Error(`partition ${log.partition} of __consumer_offsets has no batch at ${from}, and ends at ${log.end}`)
    from = read.end
    lastCrc = read.lastCrc
    recordsRead += read.records
    await new Promise<void>((resolve) => clock.afterTurn(resolve))
  }
  return { shard, recordsRead, lastCrc }
}

function restore(bytes: Buffer | undefined): ReturnType<typeof fromCheckpoint> | undefined {
  if (bytes === undefined) return undefined
  try {
    return fromCheckpoint(bytes)
  } catch (error) {
    if (error instanceof WireError) return undefined
    throw error
  }
}

/** Applies the records from `from` on. */
export function replay(
  shard: Shard,
  bytes: Buffer,
  from: number,
): { readonly end: number; readonly records: number; readonly lastCrc: number } {
  let end = from
  let records = 0
  let lastCrc = 0
  for (const { at, header } of batchesIn(bytes)) {
    const cursor = new RecordCursor(bytes.subarray(at, at + header.size), header)
    while (cursor.next()) {
      if (cursor.offset < from || cursor.key === null) continue
      const record = decodeRecord(cursor.key, cursor.value)
      if (record !== undefined) shard.apply(record)
      records++
    }
    end = lastOffsetOf(header) + 1
    lastCrc = crcOf(bytes, at)
  }
  return { end, records, lastCrc }
}
