/**
 * The coordinator runtime: one state machine over all partitions of an internal topic. A key belongs to the partition
 * that its hash names.
 *
 * Partitions that were written before are read back in the background, a few at a time; requests for their keys are
 * answered COORDINATOR_LOAD_IN_PROGRESS meanwhile. All others begin when they are first needed, and cost no file
 * before they have something to write. The runtime knows nothing of its machine: groups are one user of it (Kafka's
 * coordinator-common).
 */
import { type Clock, DiskError, type Now, TidemarkError } from '@tidemark/platform'
import { ErrorCode } from '@tidemark/protocol'
import { tell } from '../diagnostics.ts'
import { after, isLater } from '../now.ts'
import type { InternalLog, InternalTopic } from '../partition/internal-log.ts'
import { Coordinator, type CoordinatorParts } from './coordinator.ts'
import type { Decide, Machine, MachineTurn } from './machine.ts'
import { Timers } from './timers.ts'
import type { ErrorReply } from './waiters.ts'

/** Partitions that are read back at once: while one waits for the disk, another is decoded. */
const LOADED_TOGETHER = 4

export interface RuntimeParts<State, Rec, Event, Turn extends MachineTurn<Rec, Event>> {
  /** What its machine coordinates, for reports: `group`. */
  readonly what: string
  readonly machine: Machine<State, Rec, Event, Turn>
  readonly topic: InternalTopic
  readonly partitionOf: (key: string) => number
  readonly clock: Clock
  readonly timerLateMs: number
  readonly checkpointIntervalRecords: number
  readonly onLoaded?: (coordinator: Coordinator<State, Rec, Event, Turn>) => void
}

export class CoordinatorRuntime<State, Rec, Event, Turn extends MachineTurn<Rec, Event>> {
  readonly #topic: InternalTopic
  readonly #partitionOf: (key: string) => number
  readonly #parts: CoordinatorParts<State, Rec, Event, Turn>
  readonly timers: Timers
  /** By partition. A promise while its log is being opened for the first time. */
  readonly #coordinators = new Map<number, Now<Coordinator<State, Rec, Event, Turn>>>()
  #closed = false

  constructor(parts: RuntimeParts<State, Rec, Event, Turn>) {
    const { machine, clock, checkpointIntervalRecords, onLoaded } = parts
    this.#topic = parts.topic
    this.#partitionOf = parts.partitionOf
    this.timers = new Timers(clock, parts.timerLateMs)
    this.#parts = {
      machine,
      clock,
      timers: this.timers,
      checkpointIntervalRecords,
      onBug: (error) => tell({ kind: 'bug', where: `the ${parts.what} coordinator`, error }),
      ...(onLoaded && { onLoaded }),
    }
  }

  /**
   * Begins to read back what was written before. Resolves when all of it is read; no request has to wait for that.
   */
  start(): Promise<void> {
    const loading = this.#topic.used().map((partition) => ({ partition, coordinator: this.#make(partition) }))
    for (const { partition, coordinator } of loading) this.#coordinators.set(partition, coordinator)
    return this.#loadAll(loading)
  }

  async #loadAll(loading: readonly { partition: number; coordinator: Coordinator<State, Rec, Event, Turn> }[]): Promise<void> {
    const left = loading.values()
    const loadSome = async (): Promise<void> => {
      for (const { partition, coordinator } of left) {
        if (this.#closed) return
        await this.#load(partition, coordinator, () => this.#topic.open(partition))
      }
    }
    await Promise.all(Array.from({ length: LOADED_TOGETHER }, loadSome))
  }

  /**
   * Whatever keeps a partition from being read back is told, and the partition stays unavailable; unless the disk could
   * not be read, which may pass: the next request begins again.
   */
  async #load(partition: number, coordinator: Coordinator<State, Rec, Event, Turn>, open: () => Now<InternalLog>): Promise<void> {
    try {
      await coordinator.load(open)
    } catch (error) {
      if (error instanceof DiskError) {
        this.#coordinators.delete(partition)
        return tell({ kind: 'unreadable', error })
      }
      if (error instanceof TidemarkError) return tell({ kind: 'unreadable', error })
      tell({ kind: 'bug', where: `reading back partition ${partition} of ${this.#topic.name}`, error })
    }
  }

  /** Answers nothing any more and leaves no timer: all that is left to do after a failure of the disk. */
  stop(): void {
    this.#closed = true
    this.timers.clear()
    for (const coordinator of this.ready()) coordinator.stop()
  }

  /** Stops and saves all, so that the next start reads no log. Parked requests end with their connections. */
  async close(): Promise<void> {
    const closing = Array.from(this.ready(), (coordinator) => coordinator.close())
    this.stop()
    await Promise.all(closing)
  }

  /** `undefined` stands for a reply where the request's `signal` aborted before there was one. */
  request<T>(key: string, decide: Decide<State, Turn, T>, onError: ErrorReply<T>, signal: AbortSignal): Now<T | undefined> {
    return this.#with<T | undefined>(key, (coordinator) => coordinator.request(key, decide, onError, signal), onError)
  }

  read<T>(key: string, look: (state: State) => T, onError: ErrorReply<T>): Now<T> {
    return this.#with(key, (coordinator) => coordinator.read(look, onError), onError)
  }

  sweep(decide: (state: State, key: string, turn: Turn) => void): void {
    for (const coordinator of this.ready()) coordinator.sweep(decide)
  }

  *ready(): Generator<Coordinator<State, Rec, Event, Turn>> {
    for (const coordinator of this.#coordinators.values()) if (!isLater(coordinator)) yield coordinator
  }

  #with<T>(key: string, use: (coordinator: Coordinator<State, Rec, Event, Turn>) => Now<T>, onError: ErrorReply<T>): Now<T> {
    if (this.#closed) return onError(ErrorCode.COORDINATOR_NOT_AVAILABLE)
    const partition = this.#partitionOf(key)
    const unopened = (error: unknown): T => {
      if (error instanceof TidemarkError || error instanceof DiskError) return onError(ErrorCode.COORDINATOR_NOT_AVAILABLE)
      throw error
    }
    let coordinator: Now<Coordinator<State, Rec, Event, Turn>>
    try {
      coordinator = this.#coordinators.get(partition) ?? this.#begin(partition)
    } catch (error) {
      return unopened(error)
    }
    return isLater(coordinator) ? coordinator.then(use, unopened) : use(coordinator)
  }

  /**
   * The first request for a partition. Throws, or rejects, if its log cannot be opened; the next request tries again.
   */
  #begin(partition: number): Now<Coordinator<State, Rec, Event, Turn>> {
    const begun = after(this.#topic.open(partition), (log) => {
      const coordinator = this.#make(partition)
      if (this.#closed) coordinator.stop()
      else if (log.end === 0) coordinator.begin(log)
      else void this.#load(partition, coordinator, () => log)
      this.#coordinators.set(partition, coordinator)
      return coordinator
    })
    if (!isLater(begun)) return begun
    this.#coordinators.set(partition, begun)
    begun.catch(() => this.#coordinators.delete(partition))
    return begun
  }

  #make(partition: number): Coordinator<State, Rec, Event, Turn> {
    return new Coordinator(this.#parts, this.#topic.checkpoints(partition))
  }
}
