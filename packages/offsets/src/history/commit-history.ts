/**
 * The history of what groups committed, from `__consumer_offsets`: who, from where to where, when. It goes back as far
 * as compaction has left it: the last values of everything, and every commit of the newest segments.
 */
import type { Kafka, TopicPartition } from '@tidemark/client'
import { type Cluster, handleOf, listOffsets } from '@tidemark/client/internal'
import { checkName, checkOptions, checkSignal, describe, flagOption, TidemarkError, timeOption } from '@tidemark/platform'
import { rowError } from '../read/limits.ts'
import { type CommitEvent, GroupFold } from './group-fold.ts'
import { groupOf, groupRecords } from './offsets-topic.ts'
import { brokerSettings, topicIdsOf } from './settings.ts'

export interface CommitHistoryOptions {
  /** Default: all. */
  readonly groups?: readonly string[]
  /** Events from this time on. Default: all there are. */
  readonly from?: Date
  /** Events before this time. Default: to the end of the log, as it is when the reading begins. */
  readonly to?: Date
  /** Wait for new events at the end. Default: false. */
  readonly follow?: boolean
  /** Ends the loop with ABORTED. */
  readonly signal?: AbortSignal
}

const NAMES = { groups: true, from: true, to: true, follow: true, signal: true } as const

/**
 * Events of one group come in the order of its commits. Throws `TidemarkError` INVALID_OPTION and INVALID_ARGUMENT at
 * once; from the loop HISTORY_UNREADABLE where the topic cannot be read, CORRUPT_BATCH, ABORTED, CLOSED, or what
 * reading a topic brings. Commits of transactions count when they are committed (Kafka:
 * `isolation.level=read_committed`).
 *
 * ```ts
 * for await (const { topic, partition, from, to, kind } of commitHistory(kafka, { groups: ['billing'] })) …
 * ```
 */
export function commitHistory(kafka: Kafka, options: CommitHistoryOptions = {}): AsyncGenerator<CommitEvent, undefined> {
  checkOptions<CommitHistoryOptions>('commitHistory()', options, NAMES)
  const { from, to } = options
  if (from !== undefined) timeOption('from', from)
  if (to !== undefined) timeOption('to', to)
  checkSignal(options.signal)
  checkGroups(options.groups)
  flagOption('follow', options.follow ?? false)
  return events(kafka, options)
}

function checkGroups(groups: unknown): void {
  if (groups === undefined) return
  if (!Array.isArray(groups))
    throw new TidemarkError('INVALID_OPTION', `option 'groups' is ${describe(groups)}; it must be an array of names`)
  for (const [i, group] of groups.entries()) checkName(`groups[${i}]`, group)
}

async function* events(kafka: Kafka, options: CommitHistoryOptions): AsyncGenerator<CommitEvent, undefined> {
  const { groups, follow = false, signal } = options
  if (groups?.length === 0) return
  const { cluster } = handleOf(kafka)
  const [fromMs, toMs] = [options.from?.getTime() ?? 0, options.to?.getTime() ?? Number.POSITIVE_INFINITY]
  const folds = await newFolds(kafka, signal)
  const ends = new EndsThen(cluster, signal)
  for await (const { records } of groupRecords(cluster, { groups, follow, signal })) {
    for (const logged of records) {
      const event = folds(groupOf(logged.record)).apply(logged)
      if (event !== undefined && event.atMs >= fromMs && event.atMs < toMs) yield await ends.judged(event)
    }
  }
}

/** Folds by group, each made when it is named for the first time. */
export async function newFolds(kafka: Kafka, signal: AbortSignal | undefined): Promise<(group: string) => GroupFold> {
  const topicIds = await topicIdsOf(kafka, signal)
  const { offsetsRetentionMs } = await brokerSettings(kafka, { signal })
  const folds = new Map<string, GroupFold>()
  return (group) => {
    const known = folds.get(group)
    if (known !== undefined) return known
    const fold = new GroupFold(group, offsetsRetentionMs, topicIds)
    folds.set(group, fold)
    return fold
  }
}

/** Of outside commits: a consumer that assigns partitions to itself makes one every few seconds. */
const LOOK_UPS_MAX = 200

/** Where logs ended when outside commits moved forward: a look-up each, bounded. */
class EndsThen {
  readonly #cluster: Cluster
  readonly #signal: AbortSignal | undefined
  #lookUps = 0

  constructor(cluster: Cluster, signal: AbortSignal | undefined) {
    this.#cluster = cluster
    this.#signal = signal
  }

  async judged(event: CommitEvent): Promise<CommitEvent> {
    const { kind, from, to, atMs } = event
    if (kind !== 'outside' || from === null || to === null || to <= from || this.#lookUps >= LOOK_UPS_MAX) return event
    this.#lookUps++
    return (await this.#endAt(event, atMs)) === to ? { ...event, jump: 'to-end' } : event
  }

  /** Undefined: the log cannot be read. */
  async #endAt({ topic, partition }: TopicPartition, atMs: number): Promise<number | undefined> {
    const signal = this.#signal
    try {
      const [then, now] = await Promise.all([
        listOffsets(this.#cluster, [{ topic, partition, at: new Date(atMs) }], { signal, purpose: 'admin' }),
        listOffsets(this.#cluster, [{ topic, partition, at: 'latest' }], { signal, purpose: 'admin' }),
      ])
      return then[0]!.offset ?? now[0]!.offset
    } catch (error) {
      rowError(error) // the topic may be gone since: its events are told all the same
      return undefined
    }
  }
}
