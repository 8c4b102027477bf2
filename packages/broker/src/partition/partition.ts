/**
 * One partition: its log, its leader epochs, what it knows of its producers, and the readers that wait for more of
 * it.
 *
 * `end` moves when an append begins, `highWatermark` when all appends below it are finished, in their order; readers
 * see nothing above it. So a reply that was given after its append is never ahead of what is as safe as `fsync`
 * promises.
 */
import type { Now } from '@tidemark/platform'
import { type BatchHeader, lastOffsetOf, stampBatch } from '@tidemark/protocol'
import { after, isLater } from '../now.ts'
import type { EpochEnd } from '../state/log/leader-epochs.ts'
import type { PartitionState } from '../state/log/partition-state.ts'
import { crcOf, type LogPoint } from '../state/log/point.ts'
import type { SequenceCheck } from '../state/log/producers.ts'
import type { Log } from '../storage/log.ts'
import type { LoadedState } from './load-state.ts'

/** How a partition gets at what it knows beyond its log, and keeps it. */
export interface StateKeeper {
  /** As it stands at the end of the log. */
  load(): Now<LoadedState>
  save(state: PartitionState, point: LogPoint): void
  /** Up to which offset the log was compacted, as far as that is known. */
  loadCompacted(): number
  saveCompacted(offset: number): void
  /** The storage failed: nothing is written any more. */
  failure(): Error | undefined
  /** Reports it; returns the error to answer with. */
  onFailure(cause: unknown): Error
}

export interface Appended {
  readonly baseOffset: number
  /** Settled once the batch is as safe as `fsync` promises and may be read. */
  readonly durable: Now<void>
}

interface Unfinished {
  readonly end: number
  readonly bytes: number
  finished: boolean
}

export class Partition {
  readonly topic: string
  readonly topicId: string
  readonly index: number
  /** The epoch in which it is led: it changes when a leader moves between the nodes of this process. */
  leaderEpoch: number
  readonly log: Log
  readonly #keeper: StateKeeper
  readonly #waiting = new Set<() => void>()
  readonly #unfinished: Unfinished[] = []
  #lastAppend: Promise<void> | undefined
  #state: PartitionState | undefined
  /** What the snapshot on disk reaches; undefined: there is none. */
  #savedAt: number | undefined
  #lastCrc = 0
  #compactedTo: number | undefined
  highWatermark: number
  /** Bytes that became readable since the partition was opened: how a long poll counts. */
  bytesShown = 0
  deleted = false

  constructor(of: { topic: string; topicId: string; index: number; leaderEpoch: number }, log: Log, keeper: StateKeeper) {
    this.topic = of.topic
    this.topicId = of.topicId
    this.index = of.index
    this.leaderEpoch = of.leaderEpoch
    this.log = log
    this.highWatermark = log.end
    this.#keeper = keeper
  }

  get start(): number {
    return this.log.start
  }

  get end(): number {
    return this.log.end
  }

  /** Its leader epochs and producers. Callers of `check` and `append` have waited for this once. */
  state(): Now<PartitionState> {
    return (
      this.#state ??
      after(this.#keeper.load(), ({ state, savedAt, lastCrc }) => {
        if (this.#state !== undefined) return this.#state
        this.#state = state
        this.#savedAt = savedAt
        this.#lastCrc = lastCrc
        return state
      })
    )
  }

  /** Whether a batch of a producer follows what the producer sent before. `state()` is finished. */
  check(header: BatchHeader): SequenceCheck {
    return this.#state!.producers.check(header)
  }

  /**
   * Writes the batch at the end of the log: base offset and leader epoch are set in it, and the buffer belongs to the
   * log. `state()` is finished. Throws when nothing was written.
   */
  append(batch: Buffer, arrived: BatchHeader): Appended {
    const baseOffset = this.log.end
    const header = { ...arrived, baseOffset, leaderEpoch: this.leaderEpoch }
    stampBatch(batch, 0, baseOffset, this.leaderEpoch)
    const lastCrc = crcOf(batch)
    const written = this.#write(batch, header)
    this.#lastCrc = lastCrc
    this.#state!.apply(header)
    return { baseOffset, durable: this.#finish(written, lastOffsetOf(header) + 1, batch.length) }
  }

  #write(batch: Buffer, header: BatchHeader): Now<void> {
    const failure = this.#keeper.failure()
    if (failure !== undefined) throw failure
    try {
      return this.log.append(batch, header)
    } catch (cause) {
      throw this.#keeper.onFailure(cause)
    }
  }

  #finish(written: Now<void>, end: number, bytes: number): Now<void> {
    if (!isLater(written) && this.#unfinished.length === 0) return this.#show(end, bytes)
    const append: Unfinished = { end, bytes, finished: false }
    this.#unfinished.push(append)
    const before = this.#lastAppend
    const finished = Promise.resolve(written).then(
      () => this.#finished(append),
      (cause) => {
        throw this.#keeper.onFailure(cause)
      },
    )
    // In log order: an append is finished once those before it are.
    const inOrder = before === undefined ? finished : Promise.all([before, finished]).then(() => {})
    this.#lastAppend = inOrder
    // `onFailure` has told of it; an append with acks 0 is waited for by nobody.
    inOrder.catch(() => {})
    return inOrder
  }

  #finished(append: Unfinished): void {
    append.finished = true
    while (this.#unfinished[0]?.finished === true) {
      const { end, bytes } = this.#unfinished.shift()!
      this.#show(end, bytes)
    }
    if (this.#unfinished.length === 0) this.#lastAppend = undefined
  }

  #show(end: number, bytes: number): void {
    this.highWatermark = end
    this.bytesShown += bytes
    this.#wake()
  }

  #wake(): void {
    if (this.#waiting.size > 0) for (const call of [...this.#waiting]) call()
  }

  /** Finished once everything that was appended so far is. */
  settled(): Now<void> {
    return this.#lastAppend
  }

  /** Whole batches that may be read, from the one that holds `from`; at least one if there is one. */
  read(from: number, bytesMax: number): Now<readonly Buffer[]> {
    if (from >= this.highWatermark) return []
    return this.log.read(from, this.highWatermark, bytesMax)
  }

  /** It is led in another epoch from now on; those who wait for bytes look whether this node still leads it. */
  led(leaderEpoch: number): void {
    this.leaderEpoch = leaderEpoch
    for (const call of [...this.#waiting]) call()
  }

  /**
   * Calls each time there is more to read, and when the partition is deleted or led anew. Returns a function that ends
   * this.
   */
  onChange(call: () => void): () => void {
    this.#waiting.add(call)
    return () => void this.#waiting.delete(call)
  }

  /** Kafka's OffsetsForLeaderEpoch: the largest epoch not above `asked`, and where it ends. */
  endOfEpoch(asked: number): Now<EpochEnd> {
    return after(this.state(), ({ epochs }) => epochs.endOf(asked, this.leaderEpoch, this.highWatermark))
  }

  /** Forgets whole segments below `offset`. */
  trim(offset: number): void {
    this.log.trim(Math.min(offset, this.highWatermark))
  }

  /**
   * What lies below the offset, which is not above the high watermark, is forgotten. Finished once a kill cannot take
   * that back.
   */
  deleteRecords(offset: number): Now<void> {
    return this.log.beginAt(offset)
  }

  /** Below this offset the log was compacted. */
  get compactedTo(): number {
    this.#compactedTo ??= this.#keeper.loadCompacted()
    return this.#compactedTo
  }

  compacted(upTo: number): void {
    this.#compactedTo = upTo
    this.#keeper.saveCompacted(upTo)
  }

  /** Saves what is derived from the log, so that a restart need not read it again. */
  checkpoint(): void {
    if (this.#state === undefined || (this.#savedAt ?? this.start) === this.end) return
    this.#savedAt = this.end
    this.#keeper.save(this.#state, { reaches: this.end, lastCrc: this.#lastCrc })
  }

  delete(): void {
    this.deleted = true
    this.#wake()
    this.#waiting.clear()
  }
}
