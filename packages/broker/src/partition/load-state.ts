/** Reads what a partition derives from its log: the snapshot beside it, and the batches from where that ends. */
import type { Now } from '@tidemark/platform'
import { batchesIn, lastOffsetOf, WireError } from '@tidemark/protocol'
import { after, isLater } from '../now.ts'
import { PartitionState } from '../state/log/partition-state.ts'
import { crcOf, type LogPoint } from '../state/log/point.ts'
import type { Log } from '../storage/log.ts'
import { isIn } from '../storage/log-point.ts'
import type { Store } from '../storage/store.ts'

export const STATE_FILE = 'state'
const READ_BYTES_MAX = 1024 * 1024

export interface LoadedState {
  readonly state: PartitionState
  /** What the snapshot on disk reaches; undefined: there is none that could be used. */
  readonly savedAt: number | undefined
  /** Of the last batch of the log. */
  readonly lastCrc: number
}

export function loadState(store: Store, name: string, log: Log, producersMax: number): Now<LoadedState> {
  const restored = restore(store.readSmall(name, STATE_FILE), producersMax)
  const usable = restored === undefined ? false : isIn(log, restored.point)
  return after(usable, (isUsable) => {
    const state = isUsable ? restored!.state : new PartitionState(producersMax)
    const from: LogPoint = isUsable ? restored!.point : { reaches: log.start, lastCrc: 0 }
    const savedAt = isUsable ? from.reaches : undefined
    const release = (bytes: Buffer): void => store.release(bytes)
    return after(fold(log, from, state, release), ({ lastCrc }) => ({ state, savedAt, lastCrc }))
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

function fold(log: Log, from: LogPoint, state: PartitionState, release: (bytes: Buffer) => void): Now<LogPoint> {
  const end = log.end
  const take = (found: readonly Buffer[]): LogPoint => {
    const reached = apply(found, from.reaches, state)
    for (const bytes of found) release(bytes)
    // What cannot be read does not keep the rest from being served: readers are told of it.
    return reached !== undefined && reached.reaches > from.reaches ? reached : { reaches: end, lastCrc: 0 }
  }
  while (from.reaches < end) {
    const read = log.read(from.reaches, end, READ_BYTES_MAX)
    if (isLater(read)) return read.then((found) => fold(log, take(found), state, release))
    from = take(read)
  }
  return from
}

/** Returns where the batches end; undefined if there are none. */
function apply(found: readonly Buffer[], from: number, state: PartitionState): LogPoint | undefined {
  let end: LogPoint | undefined
  for (const bytes of found) {
    for (const { at, header } of batchesIn(bytes)) {
      if (header.baseOffset >= from) state.apply(header)
      end = { reaches: lastOffsetOf(header) + 1, lastCrc: crcOf(bytes, at) }
    }
  }
  return end
}
