/**
 * Reads a coordinator partition back: its checkpoint, and the log from where that ends, in pieces between which other
 * work goes on.
 *
 * A checkpoint is disposable: a damaged one is ignored. So is one that was taken of another log: a crash of the
 * machine may leave it and take the end of the log away, which then grows over that offset again; the CRC of the
 * batch it ends with tells.
 */
import { lastOffsetOf, RecordCursor, WireError } from '@tidemark/protocol'
import type { InternalLog } from '../partition/internal-log.ts'
import { crcOf, type LogPoint } from '../state/log/point.ts'
import { damagedAt, wholeBatches } from '../whole-batches.ts'
import type { Machine } from './machine.ts'

const READ_BYTES_MAX = 1024 * 1024

/** What loading needs of a machine. */
export type Fold<State> = Pick<Machine<State, any, any, any>, 'fresh' | 'apply' | 'decode' | 'restore'>

export interface Loaded<State> {
  readonly state: State
  /** Records that were read from the log: what the checkpoint did not have. */
  readonly recordsRead: number
  /** Of the last batch of the log. */
  readonly lastCrc: number
}

/** Undefined: `turnPassed`, which is asked between two pieces, said not to go on. */
export async function loadFold<State>(
  machine: Fold<State>,
  log: InternalLog,
  checkpoint: Buffer | undefined,
  turnPassed: () => Promise<boolean>,
): Promise<Loaded<State> | undefined> {
  const restored = restore(machine, checkpoint)
  const usable = restored !== undefined && (await log.holds(restored.point))
  const state = usable ? restored.state : machine.fresh()
  let { reaches: from, lastCrc }: LogPoint = usable ? restored.point : { reaches: log.start, lastCrc: 0 }
  let recordsRead = 0
  while (from < log.end) {
    const read = replay(machine, state, await log.read(from, READ_BYTES_MAX), from, log.name)
    if (read.end <= from) throw damagedAt(log.name, from)
    from = read.end
    lastCrc = read.lastCrc
    recordsRead += read.records
    if (!(await turnPassed())) return undefined
  }
  return { state, recordsRead, lastCrc }
}

function restore<State>(machine: Fold<State>, bytes: Buffer | undefined): ReturnType<Fold<State>['restore']> | undefined {
  if (bytes === undefined) return undefined
  try {
    return machine.restore(bytes)
  } catch (error) {
    if (error instanceof WireError) return undefined
    throw error
  }
}

/** Applies the records from `from` on. */
export function replay<State>(
  machine: Fold<State>,
  state: State,
  bytes: Buffer,
  from: number,
  log: string,
): { readonly end: number; readonly records: number; readonly lastCrc: number } {
  let end = from
  let records = 0
  let lastCrc = 0
  for (const { at, header } of wholeBatches(bytes, log)) {
    const cursor = new RecordCursor(bytes.subarray(at, at + header.size), header)
    while (cursor.next()) {
      if (cursor.offset < from || cursor.key === null) continue
      const record = machine.decode(cursor.key, cursor.value)
      if (record !== undefined) machine.apply(state, record)
      records++
    }
    end = lastOffsetOf(header) + 1
    lastCrc = crcOf(bytes, at)
  }
  return { end, records, lastCrc }
}
