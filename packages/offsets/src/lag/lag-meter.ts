/**
 * The lag of groups in messages and in time. A meter keeps the times of records that it has looked up, and earlier
 * samples, so that rates are measured: one a process, for as long as the process watches.
 */
import { type CallLimits, createAdmin, type Kafka, type TopicPartition } from '@tidemark/client'
import { checkedLimits, handleOf, keyOf, LIMIT_NAMES } from '@tidemark/client/internal'
import { checkName, checkOptions, countOption, describe, durationOption, TidemarkError } from '@tidemark/platform'
import { type GroupReading, readListed, readNamed } from '../read/group-positions.ts'
import { type NextLimits, rowError, shrinking } from '../read/limits.ts'
import { listGroups } from '../read/list-groups.ts'
import type { GroupPosition } from '../read/position.ts'
import { type GroupLag, totals } from './group-lag.ts'
import { LookUps, type PlaceToLookUp } from './look-ups.ts'
import { type Found, measured, type PartitionLag } from './measure.ts'
import { ScanCache } from './next-records.ts'
import { RateMeter, type Rates, type Sample } from './rates.ts'
import { type Retention, Retentions } from './retention.ts'

export interface LagMeterOptions {
  /** Rates are those of the last half to whole window. Default: 60,000. */
  readonly rateWindowMs?: number
  /** Times of records that are kept, about 200 bytes each. Default: 200,000. */
  readonly recordTimesMax?: number
  /** Fetch requests that one sample may take; what is left is looked up in the next. Default: 200. */
  readonly lookUpsMax?: number
}

const SIZES_AGAIN_AFTER_MS = 60_000

export class LagMeter {
  readonly #kafka: Kafka
  readonly #cache: ScanCache
  readonly #rates: RateMeter
  readonly #retentions: Retentions
  readonly #lookUpsMax: number
  #sizes: { readonly atMs: number; readonly bytes: ReadonlyMap<string, number> } | undefined
  #closed = false

  /** Throws `TidemarkError` INVALID_OPTION. It has no connection of its own: it ends with `kafka`. */
  constructor(kafka: Kafka, options: LagMeterOptions = {}) {
    const known = { rateWindowMs: true, recordTimesMax: true, lookUpsMax: true } as const
    checkOptions<LagMeterOptions>('new LagMeter()', options, known)
    this.#kafka = kafka
    this.#cache = new ScanCache(countOption('recordTimesMax', options.recordTimesMax ?? 200_000))
    this.#rates = new RateMeter(durationOption('rateWindowMs', options.rateWindowMs ?? 60_000))
    this.#retentions = new Retentions(handleOf(kafka).cluster)
    this.#lookUpsMax = countOption('lookUpsMax', options.lookUpsMax ?? 200, 0)
  }

  /**
   * Of these groups, or of all, by name. Rejects with `TidemarkError` UNKNOWN_GROUP for one that is named and does not
   * exist, INVALID_ARGUMENT, INVALID_OPTION, CLOSED, or what the limits bring. A group or partition that cannot be read
   * has its `error`, and the others are whole.
   *
   * ```ts
   * const [{ lag, ageMs }] = await new LagMeter(kafka).sample(['billing'])   // 12, { value: 3400, certainty: 'exact', reason: null }
   * ```
   */
  async sample(groups?: readonly string[], options: CallLimits = {}): Promise<readonly GroupLag[]> {
    checkOptions<CallLimits>('sample()', options, LIMIT_NAMES)
    checkGroups(groups)
    if (this.#closed) throw new TidemarkError('CLOSED', 'this LagMeter was closed')
    const limits = shrinking(this.#kafka, checkedLimits(options))
    const readings = await this.#read(groups, limits)
    const { clock } = handleOf(this.#kafka).platform
    const [nowMs, atMs] = [clock.now(), clock.monotonic()]
    const lagging = readings.flatMap(({ positions }) => positions).filter(isLagging)
    await new LookUps(handleOf(this.#kafka).cluster, this.#cache, this.#lookUpsMax).find(placesOf(lagging), limits)
    const retentions = await this.#retentionsOf(lagging, limits)
    const times = new KnownTimes(lagging, this.#cache)
    return readings.map((reading) => {
      const rates = this.#rates.take(reading.group, samplesOf(reading, atMs))
      const partitions = reading.positions.map((position) => {
        const retention = retentions.get(position.topic)
        return this.#measured(position, nowMs, times, retention, rates.get(keyOf(position)))
      })
      const { described: _, positions: __, ...group } = reading
      return { ...group, partitions, ...totals(partitions), atMs: nowMs }
    })
  }

  /** Forgets what it knows; after it `sample` rejects CLOSED. */
  close(): void {
    this.#closed = true
    this.#cache.clear()
    this.#rates.clear()
  }

  async #read(groups: readonly string[] | undefined, limits: NextLimits): Promise<readonly GroupReading[]> {
    if (groups !== undefined) return groups.length === 0 ? [] : readNamed(this.#kafka, [...new Set(groups)].sort(), limits)
    const listed = await listGroups(this.#kafka, limits())
    this.#rates.keepOnly(new Set(listed.map(({ group }) => group)))
    return readListed(this.#kafka, listed, limits)
  }

  #measured(
    position: GroupPosition,
    nowMs: number,
    times: KnownTimes,
    retention: Retention | undefined,
    rates: Rates | undefined,
  ): PartitionLag {
    const known = isLagging(position)
    const next = known ? this.#cache.get(nextPlace(position)) : undefined
    const found: Found = {
      nowMs,
      next,
      last: known ? this.#cache.get(lastPlace(position)) : undefined,
      earlierMs: known && !next?.record ? times.before(position, nextPlace(position).offset) : undefined,
      retention,
      sizeBytes: this.#sizes?.bytes.get(keyOf(position)),
      rates,
    }
    return measured(position, found)
  }

  /** Nothing is known of retention where configurations must not be read: a lag is told all the same. */
  async #retentionsOf(lagging: readonly GroupPosition[], limits: NextLimits): Promise<ReadonlyMap<string, Retention>> {
    try {
      const topics = [...new Set(lagging.map(({ topic }) => topic))]
      const retentions = await this.#retentions.of(topics, limits)
      const isBySize = [...retentions.values()].some((it) => it.retentionBytes !== Number.POSITIVE_INFINITY)
      if (isBySize) await this.#lookUpSizes(limits)
      return retentions
    } catch (error) {
      rowError(error)
      return new Map()
    }
  }

  async #lookUpSizes(limits: NextLimits): Promise<void> {
    const { clock } = handleOf(this.#kafka).platform
    if (this.#sizes !== undefined && clock.monotonic() - this.#sizes.atMs < SIZES_AGAIN_AFTER_MS) return
    const bytes = new Map<string, number>()
    for (const { partitions } of await createAdmin(this.#kafka).cluster.logDirs(limits())) {
      for (const it of partitions) bytes.set(keyOf(it), Math.max(it.bytes, bytes.get(keyOf(it)) ?? 0))
    }
    this.#sizes = { atMs: clock.monotonic(), bytes }
  }
}

function checkGroups(groups: unknown): void {
  if (groups === undefined) return
  if (!Array.isArray(groups))
    throw new TidemarkError('INVALID_ARGUMENT', `the groups are ${describe(groups)}; they must be an array of names`)
  for (const [i, group] of groups.entries()) checkName(`groups[${i}]`, group)
}

const isLagging = ({ lag }: GroupPosition): boolean => lag !== null && lag > 0

function nextPlace({ topic, topicId, partition, committed, start, end }: GroupPosition): PlaceToLookUp {
  return { topic, topicId, partition, offset: Math.max(committed!, start!), end: end! }
}

function lastPlace({ topic, topicId, partition, end }: GroupPosition): PlaceToLookUp {
  return { topic, topicId, partition, offset: end! - 1, end: end! }
}

/** Each place once, however many groups stand there. */
function placesOf(lagging: readonly GroupPosition[]): PlaceToLookUp[] {
  const places = new Map<string, PlaceToLookUp>()
  for (const position of lagging) {
    for (const place of [nextPlace(position), lastPlace(position)]) places.set(`${place.offset}/${keyOf(place)}`, place)
  }
  return [...places.values()]
}

function samplesOf({ positions }: GroupReading, atMs: number): Map<string, Sample> {
  return new Map(
    positions.flatMap(({ topic, partition, committed, end }) =>
      committed === null || end === null ? [] : [[keyOf({ topic, partition }), { atMs, committed, end }]],
    ),
  )
}

/** Times of records that were found, by partition, in the order of their offsets. */
class KnownTimes {
  readonly #byPartition: ReadonlyMap<string, readonly (readonly [offset: number, timestampMs: number])[]>

  constructor(lagging: readonly GroupPosition[], cache: ScanCache) {
    const byPartition = new Map<string, [number, number][]>()
    for (const position of lagging) {
      const record = cache.get(nextPlace(position))?.record
      if (!record) continue
      const list = byPartition.get(keyOf(position))
      if (list === undefined) byPartition.set(keyOf(position), [[record.offset, record.timestampMs]])
      else list.push([record.offset, record.timestampMs])
    }
    for (const list of byPartition.values()) list.sort(([a], [b]) => a - b)
    this.#byPartition = byPartition
  }

  /** Of the last one that is known before this offset. */
  before(where: TopicPartition, offset: number): number | undefined {
    return this.#byPartition.get(keyOf(where))?.findLast(([known]) => known < offset)?.[1]
  }
}
