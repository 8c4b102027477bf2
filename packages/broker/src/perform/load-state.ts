/** Reads what a partition derives from its log: the snapshot beside it, and the batches from where that ends. */
import type { Now } from '@tidemark/platform'
import { batchesIn, lastOffsetOf, WireError } from '@tidemark/protocol'
import { after, isLater } from '../now.ts'
import { PartitionState } from '../state/log/partition-state.ts'
import type { LogPoint } from '../state/log/point.ts'
import type { Log } from '../storage/log.ts'
import type { Store } from '../storage/store.ts'
import { isIn } from './log-point.ts'

export const STATE_FILE = 'state'
const READ_BYTES_MAX = 1024 * 1024

export function loadState(store: Store, name: string, log: Log, producersMax: number): Now<PartitionState> {
  const restored = restore(store.readSmall(name, STATE_FILE), producersMax)
  const usable = restored === undefined ? false : isIn(log, restored.point)
  return after(usable, (isUsable) => {
    const state = isUsable ? restored!.state : new PartitionState(producersMax)
    return after(fold(log, isUsable ? restored!.point.reaches : log.start, state), () => state)
  })
}

/** Undefined for one that is missing or damaged. */
function restore(bytes: Buffer | undefined, producersMax: number): { state: PartitionState; point: LogPoint } | undefined {
  if (bytes === undefined) return undefined
  const state = new PartitionState(producersMax)
  try {
    return { state, point: state.restore(bytes) }
  } catch (error) {
    if (error instanceof WireError) return undefined
    throw error
  }
}

function fold(log: Log, from: number, state: PartitionState): Now<void> {
  const end = log.end
  while (from < end) {
    const read = log.read(from, end, READ_BYTES_MAX)
    if (isLater(read)) return read.then((found) => fold(log, apply(found, from, state) ?? end, state))
    from = apply(read, from, state) ?? end
  }
}

/** Returns where the batches end; undefined if there are none. */
function apply(found: readonly Buffer[], from: number, state: PartitionState): number | undefined {
  let end: number | undefined
  for (const bytes of found) {
    for (const { header } of batchesIn(bytes)) {
      if (header.baseOffset >= from) state.apply(header)
      end = lastOffsetOf(header) + 1
    }
  }
  return end
}
