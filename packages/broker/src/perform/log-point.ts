/**
 * Whether a snapshot belongs to a log. A crash of the machine may leave the snapshot and take the end of the log away; once the
 * log was written on, its offsets alone would not tell. The CRC of the batch that ends where the snapshot does tells.
 */
import type { Now } from '@tidemark/platform'
import { batchesIn, lastOffsetOf } from '@tidemark/protocol'
import { after } from '../now.ts'
import type { LogPoint } from '../state/log/point.ts'
import type { Log } from '../storage/log.ts'
import type { InternalLog } from './internal-log.ts'

/** The CRC of a batch, as snapshots name it. */
export const crcOf = (batch: Buffer, at = 0): number => batch.readInt32BE(at + 17)

export function isIn(log: Log, point: LogPoint): Now<boolean> {
  return isWithin(log, point) ?? after(log.read(point.reaches - 1, point.reaches, 1), (found) => endsIn(found, point))
}

export function isInInternal(log: InternalLog, point: LogPoint): Now<boolean> {
  return isWithin(log, point) ?? after(log.read(point.reaches - 1, 1), (found) => endsIn([found], point))
}

/** Undefined: the offsets alone do not tell. */
function isWithin({ start, end }: { readonly start: number; readonly end: number }, { reaches }: LogPoint): boolean | undefined {
  if (reaches === start) return true
  return reaches < start || reaches > end ? false : undefined
}

function endsIn(found: readonly Buffer[], { reaches, lastCrc }: LogPoint): boolean {
  for (const bytes of found) {
    for (const { at, header } of batchesIn(bytes)) {
      if (lastOffsetOf(header) + 1 === reaches) return crcOf(bytes, at) === lastCrc
    }
  }
  return false
}
