/**
 * Measures readings of groups: looks up the times of records, rates since earlier readings, and what retention leaves.
 */
import { createAdmin, type Kafka, type TopicPartition } from '@tidemark/client'
import { handleOf, keyOf } from '@tidemark/client/internal'
import type { GroupReading } from '../read/group-positions.ts'
import { type NextLimits, type PositionError, rowError } from '../read/limits.ts'
import type { GroupPosition } from '../read/position.ts'
import { type GroupLag, totals } from './group-lag.ts'
import { LookUps, type PlaceToLookUp } from './look-ups.ts'
import { type Found, measured, type PartitionLag } from './measure.ts'
import { ScanCache } from './next-records.ts'
import { RateMeter, type Rates, type Sample } from './rates.ts'
import { type Retention, Retentions } from './retention.ts'

export interface SamplerSettings {
  readonly rateWindowMs: number
  readonly recordTimesMax: number
  readonly lookUpsMax: number
}

export const SAMPLER_DEFAULTS: SamplerSettings = { rateWindowMs: 60_000, recordTimesMax: 200_000, lookUpsMax: 200 }

const SIZES_AGAIN_AFTER_MS = 60_000

export class Sampler {
  readonly #kafka: Kafka
  readonly #cache: ScanCache
  readonly #rates: RateMeter
  readonly #retentions: Retentions
  readonly #lookUpsMax: number
  #sizes: { readonly atMs: number; readonly bytes: ReadonlyMap<string, number> } | undefined

  constructor(kafka: Kafka, { rateWindowMs, recordTimesMax, lookUpsMax }: SamplerSettings) {
    this.#kafka = kafka
    this.#cache = new ScanCache(recordTimesMax)
    this.#rates = new RateMeter(rateWindowMs)
    this.#retentions = new Retentions(handleOf(kafka).cluster)
    this.#lookUpsMax = lookUpsMax
  }

  /** In the order of the readings. */
  async measure(readings: readonly GroupReading[], limits: NextLimits): Promise<GroupLag[]> {
    const { clock } = handleOf(this.#kafka).platform
    const [nowMs, atMs] = [clock.now(), clock.monotonic()]
    const lagging = readings.flatMap(({ positions }) => positions).filter(isLagging)
    const lookUps = new LookUps(handleOf(this.#kafka).cluster, this.#cache, this.#lookUpsMax)
    await lookUps.find(placesOf(lagging), limits)
    const retentions = await this.#retentionsOf(lagging, limits)
    const times = new KnownTimes(lagging, this.#cache)
    return readings.map((reading) => {
      const members = new Set(reading.members.map(({ memberId }) => memberId))
      const rates = this.#rates.take(reading.group, samplesOf(reading, atMs), members)
      const partitions = reading.positions.map((position) => {
        const retention = retentions.get(position.topic)
        return this.#measured(position, nowMs, times, retention, rates.get(keyOf(position)), lookUps.errors.get(keyOf(position)))
      })
      const { described: _, positions: __, ...group } = reading
      return { ...group, partitions, ...totals(partitions), atMs: nowMs }
    })
  }

  /** Forgets the rates of groups that are no longer there. */
  keepOnly(groups: ReadonlySet<string>): void {
    this.#rates.keepOnly(groups)
  }

  clear(): void {
    this.#cache.clear()
    this.#rates.clear()
  }

  #measured(
    position: GroupPosition,
    nowMs: number,
    times: KnownTimes,
    retention: Retention | undefined,
    rates: Rates | undefined,
    recordError: PositionError | undefined,
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
      recordError: known && !next?.record ? recordError : undefined,
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
