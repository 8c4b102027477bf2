/** A move whose process ended in the middle: what became of it is found by reading the group. */
import type { CallLimits, Kafka } from '@tidemark/client'
import { limitsOf } from '@tidemark/client/internal'
import type { MoveRecord } from '../moves/move-record.ts'
import type { MoveStore } from '../moves/move-store.ts'
import { committedBy } from '../plan/gather.ts'
import { closeRecord, withOutcomes } from './outcome.ts'

/**
 * Resolves with the record as it is, if it is not `applying` or is being applied right now by another process of this
 * machine; else with each change `done` (the group stands where the move put it), `refused` (it stands where it did
 * before), or `open` (neither: it has moved on since). Rejects with what the limits bring.
 */
export async function settleMove(kafka: Kafka, record: MoveRecord, store: MoveStore, options: CallLimits = {}): Promise<MoveRecord> {
  const limits = limitsOf('settleMove()', options)
  if (record.state !== 'applying') return record
  const lock = store.lock(record.clusterId, record.group)
  if (lock === undefined) return record
  try {
    const current = await store.get(record.id)
    if (current.state !== 'applying') return current
    const settled = withOutcomes(current, [], await committedBy(kafka, record.group, limits))
    await closeRecord(kafka, store, settled)
    return settled
  } finally {
    lock.release()
  }
}
