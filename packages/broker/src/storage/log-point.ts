/**
 * Whether a snapshot belongs to a log. A crash of the machine may leave the snapshot and take the end of the log
 * away; once the log was written on, its offsets alone do not show that. The CRC of the batch that ends where the
 * snapshot does shows it.
 */
import type { Now } from '@tidemark/platform'
import { batchesIn, lastOffsetOf } from '@tidemark/protocol'
import { after } from '../now.ts'
import { crcOf, type LogPoint } from '../state/log/point.ts'
import type { Log } from './log.ts'

export function isIn(log: Pick<Log, 'start' | 'end' | 'read'>, point: LogPoint): Now<boolean> {
  const { reaches } = point
  if (reaches === log.start) return true
  if (reaches < log.start || reaches > log.end) return false
  return after(log.read(reaches - 1, reaches, 1), (found) => endsIn(found, point))
}

function endsIn(found: readonly Buffer[], { reaches, lastCrc }: LogPoint): boolean {
  for (const bytes of found) {
    for (const { at, header } of batchesIn(bytes)) {
      if (lastOffsetOf(header) + 1 === reaches) return crcOf(bytes, at) === lastCrc
    }
  }
  return false
}
