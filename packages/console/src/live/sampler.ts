/**
 * One sample for everybody who looks: of all groups while a list is open, else of the groups whose pages are. A sample
 * begins `intervalMs` after the one before has ended, and none while nobody looks.
 */
import { LOST_CODES } from '@tidemark/client/internal'
import type { GroupLag } from '@tidemark/offsets'
import { type Clock, TidemarkError, type Timer } from '@tidemark/platform'
import type { ConsoleData } from '../data.ts'
import { Trend } from './trend.ts'

/** Points a group: a sparkline's, and those of the chart of the group's page. */
const TREND_POINTS = 120
/** Beyond it nothing is remembered of groups that are new. */
const TRENDS_MAX = 20_000

export interface Watcher {
  /** Undefined: all groups. */
  readonly group: string | undefined
  onSample(sample: ReadonlyMap<string, GroupLag>, atMs: number): void
  onFailure(error: TidemarkError, atMs: number): void
}

/**
 * The cluster became unreachable during the sample, and nothing of it could be read: the sample before is more use than
 * that. Undefined: something could be read.
 */
function whyLost(lags: readonly GroupLag[]): TidemarkError | undefined {
  const errors = lags.flatMap(({ error, partitions }) => (error === null ? partitions.map((p) => p.error) : [error]))
  const [first] = errors
  return first != null && errors.every((error) => error !== null && LOST_CODES.has(error.code))
    ? new TidemarkError(first.code, first.message)
    : undefined
}

export class Sampler {
  readonly #data: ConsoleData
  readonly #clock: Clock
  readonly #intervalMs: number
  readonly #watchers = new Set<Watcher>()
  readonly #trends = new Map<string, Trend>()
  #timer: Timer | undefined
  #running: AbortController | undefined
  /** Somebody came while a sample ran that did not look for what they look at. */
  #isDue = false
  #onBug: (error: unknown) => void

  constructor(data: ConsoleData, clock: Clock, intervalMs: number, onBug: (error: unknown) => void) {
    this.#data = data
    this.#clock = clock
    this.#intervalMs = intervalMs
    this.#onBug = onBug
  }

  get watchers(): number {
    return this.#watchers.size
  }

  /** Returns what ends it. */
  watch(watcher: Watcher): () => void {
    this.#watchers.add(watcher)
    this.#begin()
    return () => {
      this.#watchers.delete(watcher)
      if (this.#watchers.size === 0) this.stop()
    }
  }

  trendOf(group: string): Trend | undefined {
    return this.#trends.get(group)
  }

  stop(): void {
    this.#timer?.cancel()
    this.#timer = undefined
    this.#running?.abort()
  }

  #begin(): void {
    if (this.#running !== undefined) {
      this.#isDue = true
      return
    }
    this.#timer?.cancel()
    this.#timer = undefined
    this.#run().catch(this.#onBug)
  }

  async #run(): Promise<void> {
    const running = new AbortController()
    this.#running = running
    this.#isDue = false
    const wanted = this.#wanted()
    try {
      const lags = await this.#data.sample(wanted, { signal: running.signal })
      const lost = whyLost(lags)
      if (lost !== undefined) throw lost
      this.#share(new Map(lags.map((lag) => [lag.group, lag])), wanted)
    } catch (error) {
      if (!(error instanceof TidemarkError)) throw error
      if (!running.signal.aborted) for (const watcher of [...this.#watchers]) watcher.onFailure(error, this.#clock.now())
    } finally {
      this.#running = undefined
      if (this.#watchers.size > 0) this.#timer = this.#clock.schedule(this.#isDue ? 0 : this.#intervalMs, () => this.#begin())
    }
  }

  /** Undefined: all. */
  #wanted(): readonly string[] | undefined {
    const groups = [...this.#watchers].map((w) => w.group)
    return groups.includes(undefined) ? undefined : [...new Set(groups as string[])]
  }

  #share(sample: ReadonlyMap<string, GroupLag>, wanted: readonly string[] | undefined): void {
    const atMs = this.#clock.now()
    for (const { group, open } of sample.values()) this.#remember(group, atMs, open)
    if (wanted === undefined) for (const group of this.#trends.keys()) if (!sample.has(group)) this.#trends.delete(group)
    for (const watcher of [...this.#watchers]) {
      const isCovered = wanted === undefined || (watcher.group !== undefined && wanted.includes(watcher.group))
      if (isCovered) watcher.onSample(sample, atMs)
    }
  }

  #remember(group: string, atMs: number, open: number | null): void {
    if (open === null) return
    let trend = this.#trends.get(group)
    if (trend === undefined) {
      if (this.#trends.size >= TRENDS_MAX) return
      this.#trends.set(group, (trend = new Trend(TREND_POINTS)))
    }
    trend.add(atMs, open)
  }
}
