/**
 * The batches of a log that the broker reads back for itself. What was closed or synced is not read at a start, so that
 * what a disk or another program made of it shows here: it is an error then, and never a state that was not written.
 */
import type { TidemarkError } from '@tidemark/platform'
import { type BatchAt, batchesIn, hasRightCrc } from '@tidemark/protocol'
import { damage } from './damage.ts'

/** Each with its CRC checked. Throws `TidemarkError` LOG_DAMAGED. */
export function* wholeBatches(bytes: Buffer, log: string): Generator<BatchAt> {
  for (const batch of batchesIn(bytes)) {
    if (!hasRightCrc(bytes, batch.at, batch.header.size)) throw damagedAt(log, batch.header.baseOffset)
    yield batch
  }
}

export const damagedAt = (log: string, offset: number): TidemarkError => damage(log, `has no whole record batch at offset ${offset}`)
