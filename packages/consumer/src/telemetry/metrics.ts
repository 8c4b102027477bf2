/** Numbers for dashboards: how far behind a consumer is, what holds it, and what a crash would cost now. */
import { type Cluster, keyOf, listOffsets, METADATA_UNITS_MAX } from '@tidemark/client/internal'
import { type Clock, checkOptions, durationOption, TidemarkError } from '@tidemark/platform'
import type { Claim } from '../claims/claim.ts'
import { metadataOf } from '../commit/plan.ts'
import { committable } from '../commit/tracker.ts'
import type { Feed } from '../intake/feed.ts'
import type { ResolvedOptions } from '../options.ts'
import type { Totals } from '../tally.ts'

export interface PartitionMetrics {
  readonly topic: string
  readonly partition: number
  /** Offsets between what may be committed and the end of the log. */
  readonly lag: number
  /** How old the oldest record is that was read and is not done, by its own time; 0: there is none. */
  readonly lagMs: number
  /** How long ago the oldest record that is not done was fetched; 0: there is none. */
  readonly oldestIncompleteMs: number
  /** How many records at most would be handled again if the process were killed now. */
  readonly redoIfCrashed: number
  /**
   * How much of the room for the completion map is left, from 1 (all) to 0; undefined: no map is written
   * (`commit.completionMap`).
   */
  readonly mapHeadroom: number | undefined
  readonly waiting: number
  readonly running: number
}

export interface ConsumerMetrics extends Totals {
  readonly group: string
  /** Those that are assigned now. */
  readonly partitions: readonly PartitionMetrics[]
}

export interface MetricsOptions {
  /** How long looking up the ends of the logs may take; then those that were seen last count. Default: 5,000. */
  readonly timeoutMs?: number
}

/** What is measured of a run. */
export interface Measured {
  readonly options: ResolvedOptions
  readonly cluster: Cluster
  readonly clock: Clock
  readonly feed: Feed
  readonly registry: { all(): Iterable<Claim> }
}

/** Throws `TidemarkError` INVALID_OPTION. */
export function metricsTimeout(options: MetricsOptions): number {
  checkOptions<MetricsOptions>('metrics()', options, { timeoutMs: true })
  return durationOption('timeoutMs', options.timeoutMs ?? 5_000)
}

/**
 * Fetching may be paused, so the ends of the logs are asked for; if no answer comes in time, the last known ones do.
 */
export async function partitionMetrics(run: Measured, timeoutMs: number): Promise<PartitionMetrics[]> {
  const ends = await endsOf(run, timeoutMs)
  return [...run.registry.all()].filter(({ phase }) => phase !== 'placing').map((claim) => metricsOf(claim, ends.get(keyOf(claim)), run))
}

async function endsOf({ registry, cluster, options }: Measured, timeoutMs: number): Promise<ReadonlyMap<string, number>> {
  const queries = [...registry.all()].map(({ topic, partition }) => ({ topic, partition, at: 'latest' as const }))
  if (queries.length === 0) return new Map()
  try {
    const found = await listOffsets(cluster, queries, { isolation: options.isolation, timeoutMs })
    return new Map(found.map((f) => [keyOf(f), f.offset ?? 0]))
  } catch (error) {
    if (!(error instanceof TidemarkError)) throw error
    return new Map() // the requests of the run that fail are reported by the run
  }
}

function metricsOf(claim: Claim, end: number | undefined, { feed, options, clock }: Measured): PartitionMetrics {
  const { topic, partition, tracker } = claim
  const worker = feed.worker(claim)
  const oldest = worker.holdup(claim)
  const logEnd = Math.max(end ?? claim.highWatermark, tracker.position)
  return {
    topic,
    partition,
    lag: logEnd - committable(tracker),
    lagMs: oldest === undefined ? 0 : Math.max(0, clock.now() - oldest.timestampMs),
    oldestIncompleteMs: feed.heldForMs(claim),
    redoIfCrashed: redoOf(claim, options.commit.completionMap),
    mapHeadroom: options.commit.completionMap ? headroomOf(claim) : undefined,
    waiting: worker.waiting(claim),
    running: claim.calls.running,
  }
}

/**
 * Without a map on record, what is done above the committed offset is redone too. What a store's transaction has
 * committed is never redone.
 */
function redoOf({ tracker, recordedCount, calls, topicUuid, holding }: Claim, completionMap: boolean): number {
  if (holding !== undefined) return calls.running
  const isMapped = completionMap && topicUuid !== undefined
  return calls.running + tracker.finishedCount - recordedCount + (isMapped ? 0 : tracker.aheadCount)
}

const headroomOf = (claim: Claim): number =>
  1 - metadataOf(claim, { automatic: true, completionMap: true }, METADATA_UNITS_MAX).length / METADATA_UNITS_MAX
