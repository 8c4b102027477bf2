/** How a move ended: what the cluster answered, held against what was read back. */
import { type Kafka, TidemarkError } from '@tidemark/client'
import { handleOf, keyOf, type WriteOutcome } from '@tidemark/client/internal'
import { sleep } from '@tidemark/platform'
import type { MoveRecord, RecordedChange } from '../moves/move-record.ts'
import type { MoveStore } from '../moves/move-store.ts'
import { samePlace } from '../moves/place.ts'
import { placeOf } from '../plan/gather.ts'
import type { Committed } from './check-unchanged.ts'

/**
 * What was read back decides; an answer that never came leaves nothing open then. `isWorking`: members may have moved
 * on since, and the cluster's answer is enough.
 */
export function withOutcomes(record: MoveRecord, outcomes: readonly WriteOutcome[], found: Committed, isWorking = false): MoveRecord {
  const errors = new Map(outcomes.map((outcome) => [keyOf(outcome), outcome.error]))
  const changes = record.changes.map((change): RecordedChange => {
    const now = placeOf(found.get(keyOf(change)))
    const error = errors.get(keyOf(change))
    const isAnswered = isWorking && errors.has(keyOf(change)) && error === undefined
    if (isAnswered || samePlace(now, change.after)) return { ...change, state: 'done', error: null }
    if (samePlace(now, change.before)) return { ...change, state: 'refused', error: error?.message ?? 'it is as before' }
    return {
      ...change,
      state: 'open',
      error: `${now?.offset ?? 'nothing'} was read back${error === undefined ? '' : ` after: ${error.message}`}`,
    }
  })
  // A group without commits is deleted without a change that could tell.
  const isRefused = changes.length === 0 && outcomes.some(({ error }) => error !== undefined)
  return { ...record, changes, state: !isRefused && changes.every(({ state }) => state === 'done') ? 'applied' : 'failed' }
}

const AUDIT_TRIES = 250
const AUDIT_EVERY_MS = 20

/** Writes down how the move ended, appends it to the audit file, and marks the move that it took back. */
export async function closeRecord(kafka: Kafka, store: MoveStore, record: MoveRecord): Promise<void> {
  await store.write(record)
  if (record.undoes !== null && record.state === 'applied') await markUndone(store, record.undoes)
  const { clock } = handleOf(kafka).platform
  for (let tries = 1; ; tries++) {
    try {
      return await store.audit(record)
    } catch (error) {
      // Another process appends its line.
      if (!(error instanceof TidemarkError) || error.code !== 'FOLDER_IN_USE' || tries === AUDIT_TRIES) throw error
      await sleep(clock, AUDIT_EVERY_MS)
    }
  }
}

async function markUndone(store: MoveStore, id: string): Promise<void> {
  try {
    await store.write({ ...(await store.get(id)), state: 'undone' })
  } catch (error) {
    // Made on another machine, or removed since.
    if (!(error instanceof TidemarkError) || error.code !== 'UNKNOWN_MOVE') throw error
  }
}
