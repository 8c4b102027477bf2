/**
 * The lag of groups in messages and in time. A meter keeps the times of records that it has looked up, and earlier
 * samples, so that rates are measured: one a process, for as long as the process watches.
 */
import type { CallLimits, Kafka } from '@tidemark/client'
import { checkedLimits, LIMIT_NAMES } from '@tidemark/client/internal'
import { checkName, checkOptions, countOption, describe, durationOption, TidemarkError } from '@tidemark/platform'
import { type GroupReading, readListed, readNamed } from '../read/group-positions.ts'
import { type NextLimits, shrinking } from '../read/limits.ts'
import { listGroups } from '../read/list-groups.ts'
import type { GroupLag } from './group-lag.ts'
import { SAMPLER_DEFAULTS, Sampler } from './sampler.ts'

export interface LagMeterOptions {
  /** Rates are those of the last half to whole window. Default: 60,000. */
  readonly rateWindowMs?: number
  /** Times of records that are kept, about 200 bytes each. Default: 200,000. */
  readonly recordTimesMax?: number
  /** Fetch requests that one sample may take; what is left is looked up in the next. Default: 200. */
  readonly lookUpsMax?: number
}

export class LagMeter {
  readonly #kafka: Kafka
  readonly #sampler: Sampler
  #closed = false

  /** Throws `TidemarkError` INVALID_OPTION. It has no connection of its own: it ends with `kafka`. */
  constructor(kafka: Kafka, options: LagMeterOptions = {}) {
    const known = { rateWindowMs: true, recordTimesMax: true, lookUpsMax: true } as const
    checkOptions<LagMeterOptions>('new LagMeter()', options, known)
    this.#kafka = kafka
    this.#sampler = new Sampler(kafka, {
      rateWindowMs: durationOption('rateWindowMs', options.rateWindowMs ?? SAMPLER_DEFAULTS.rateWindowMs),
      recordTimesMax: countOption('recordTimesMax', options.recordTimesMax ?? SAMPLER_DEFAULTS.recordTimesMax),
      lookUpsMax: countOption('lookUpsMax', options.lookUpsMax ?? SAMPLER_DEFAULTS.lookUpsMax, 0),
    })
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
    return this.#sampler.measure(await this.#read(groups, limits), limits)
  }

  /** Forgets what it knows; after it `sample` rejects CLOSED. */
  close(): void {
    this.#closed = true
    this.#sampler.clear()
  }

  async #read(groups: readonly string[] | undefined, limits: NextLimits): Promise<readonly GroupReading[]> {
    if (groups !== undefined) return groups.length === 0 ? [] : readNamed(this.#kafka, [...new Set(groups)].sort(), limits)
    const listed = await listGroups(this.#kafka, limits())
    this.#sampler.keepOnly(new Set(listed.map(({ group }) => group)))
    return readListed(this.#kafka, listed, limits)
  }
}

function checkGroups(groups: unknown): void {
  if (groups === undefined) return
  if (!Array.isArray(groups))
    throw new TidemarkError('INVALID_ARGUMENT', `the groups are ${describe(groups)}; they must be an array of names`)
  for (const [i, group] of groups.entries()) checkName(`groups[${i}]`, group)
}
