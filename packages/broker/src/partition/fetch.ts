/** Reads what a Fetch asks for, and waits for more where there is too little (long poll). */
import { type Clock, DiskError, type Now, TidemarkError } from '@tidemark/platform'
import { ErrorCode } from '@tidemark/protocol'
import { tell } from '../diagnostics.ts'
import { after, allOf, attempt, isLater } from '../now.ts'
import type { EpochEnd } from '../state/log/leader-epochs.ts'
import type { Partition } from './partition.ts'

/** One partition of the request: found and open, or the error that stands for it. */
export interface Wanted {
  readonly partition: Partition | undefined
  readonly code: number
  /** What to say if it is deleted meanwhile. */
  readonly goneCode: number
  readonly fetchOffset: number
  readonly lastFetchedEpoch: number
  readonly bytesMax: number
  /** The error if this node may not answer for the partition by now; undefined: there is no other node. */
  readonly moved: (() => number) | undefined
  /** The replica that the client is to read from instead (KIP-392). */
  readonly preferredReplica: (() => number | undefined) | undefined
}

export interface Read {
  readonly code: number
  readonly records: readonly Buffer[]
  readonly bytes: number
  readonly highWatermark: number
  readonly logStartOffset: number
  readonly diverging: EpochEnd | undefined
  /** Nothing was read: the client reads from this node. */
  readonly preferredReplica?: number
}

const NOTHING: readonly Buffer[] = []
const failed = (code: number, logStartOffset = -1): Read => ({
  code,
  records: NOTHING,
  bytes: 0,
  highWatermark: -1,
  logStartOffset,
  diverging: undefined,
})

/**
 * Reads the partitions in turn, beginning with the `first`; those whose limits fit together into what is left are
 * read at once. The first batch of all is read however large (KIP-74).
 */
export function readAll(wanted: readonly Wanted[], first: number, bytesMax: number): Now<Read[]> {
  const reads: Read[] = new Array(wanted.length)
  return step(0, bytesMax)

  function step(done: number, left: number): Now<Read[]> {
    while (done < wanted.length) {
      const count = countThatFit(done, left)
      const some = allOf(Array.from({ length: count }, (_, i) => readOne(inTurn(done + i), left, left === bytesMax)))
      if (isLater(some)) return some.then((its) => step(done + count, keep(its, done, left)))
      left = keep(some, done, left)
      done += count
    }
    return reads
  }

  function inTurn(i: number): Wanted {
    return wanted[(first + i) % wanted.length]!
  }

  /** At least one. */
  function countThatFit(from: number, left: number): number {
    let bytes = inTurn(from).bytesMax
    let count = 1
    while (from + count < wanted.length) {
      bytes += inTurn(from + count).bytesMax
      if (bytes > left) break
      count++
    }
    return count
  }

  /** Returns what is left then. */
  function keep(its: readonly Read[], from: number, left: number): number {
    its.forEach((read, i) => {
      const tooLarge = left < bytesMax && read.bytes > Math.min(inTurn(from + i).bytesMax, left)
      reads[(first + from + i) % wanted.length] = tooLarge ? { ...read, records: NOTHING, bytes: 0 } : read
      if (!tooLarge) left -= read.bytes
    })
    return left
  }
}

function readOne(wanted: Wanted, bytesLeft: number, mayExceed: boolean): Now<Read> {
  return attempt(() => readIt(wanted, bytesLeft, mayExceed), unreadable)
}

/** A log that cannot be read fails its partition, not the connection. */
function unreadable(error: unknown): Read {
  if (!(error instanceof TidemarkError || error instanceof DiskError)) throw error
  tell({ kind: 'unreadable', error })
  return failed(ErrorCode.KAFKA_STORAGE_ERROR)
}

function readIt(wanted: Wanted, bytesLeft: number, mayExceed: boolean): Now<Read> {
  const { partition, code, goneCode, fetchOffset, lastFetchedEpoch } = wanted
  const limit = Math.min(wanted.bytesMax, bytesLeft)
  if (partition === undefined) return failed(code)
  const moved = wanted.moved?.() ?? ErrorCode.NONE
  if (moved !== ErrorCode.NONE) return failed(moved)
  if (partition.deleted) return failed(goneCode)
  const preferredReplica = wanted.preferredReplica?.()
  if (preferredReplica !== undefined) return { ...shown(partition, NOTHING), preferredReplica }
  if (lastFetchedEpoch < 0) return readAt(partition, fetchOffset, limit, mayExceed)
  return after(partition.endOfEpoch(lastFetchedEpoch), (end) => {
    if (end.endOffset < 0) return failed(ErrorCode.OFFSET_OUT_OF_RANGE, partition.start)
    const diverges = end.epoch < lastFetchedEpoch || end.endOffset < fetchOffset
    if (diverges) return { ...shown(partition, NOTHING), diverging: end }
    return readAt(partition, fetchOffset, limit, mayExceed)
  })
}

function readAt(partition: Partition, fetchOffset: number, limit: number, mayExceed: boolean): Now<Read> {
  // Beyond the high watermark and within the log: it will be shown soon, and is not an error.
  const inRange = fetchOffset >= partition.start && fetchOffset <= partition.end
  if (!inRange) return failed(ErrorCode.OFFSET_OUT_OF_RANGE, partition.start)
  if (fetchOffset >= partition.highWatermark || (limit <= 0 && !mayExceed)) return shown(partition, NOTHING)
  return after(partition.read(fetchOffset, Math.max(0, limit)), (records) => shown(partition, records))
}

function shown(partition: Partition, records: readonly Buffer[]): Read {
  let bytes = 0
  for (const { length } of records) bytes += length
  return {
    code: ErrorCode.NONE,
    records,
    bytes,
    highWatermark: partition.highWatermark,
    logStartOffset: partition.start,
    diverging: undefined,
  }
}

/**
 * Resolves when `bytesMin` more bytes can be read from the partitions together, one of them is deleted or gets another
 * leader, `waitMs` have passed or the signal aborts. The append that brings enough resolves it in its own call.
 */
export function waitForBytes(
  wanted: readonly Wanted[],
  bytesMin: number,
  waitMs: number,
  clock: Clock,
  signal: AbortSignal,
): Promise<void> {
  const partitions = [...new Set(wanted.flatMap(({ partition }) => partition ?? []))]
  const shownBefore = partitions.map((p) => p.bytesShown)
  const epochsBefore = partitions.map((p) => p.leaderEpoch)
  return new Promise((resolve) => {
    const end = (): void => {
      timer.cancel()
      signal.removeEventListener('abort', end)
      for (const stop of stops) stop()
      resolve()
    }
    const look = (): void => {
      const bytes = partitions.reduce((sum, p, i) => sum + p.bytesShown - shownBefore[i]!, 0)
      if (bytes >= bytesMin || partitions.some((p, i) => p.deleted || p.leaderEpoch !== epochsBefore[i])) end()
    }
    const stops = partitions.map((p) => p.onChange(look))
    const timer = clock.schedule(waitMs, end)
    signal.addEventListener('abort', end, { once: true })
    if (signal.aborted) end()
  })
}
