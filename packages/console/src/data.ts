/** What the routes ask for. One implementation, over `@tidemark/offsets` and `@tidemark/client`. */
import type { CallLimits } from '@tidemark/client'
import type { GroupLag } from './engine/contract.ts'
import type { ClusterDetails, RecordsPage, ShownRecord, TimeScale, TopicDetails, TopicRow } from './shapes.ts'

export interface RecordsWish {
  readonly partition?: number
  readonly from:
    | 'start'
    | 'end'
    | { readonly offset: number }
    | { readonly atMs: number }
    | { readonly offsets: Readonly<Record<number, number>> }
  readonly limit: number
  readonly filter?: string
}

export interface ConsoleData {
  /** Of these groups, or of all. A group that does not exist is left out. */
  sample(groups: readonly string[] | undefined, limits: CallLimits): Promise<readonly GroupLag[]>
  timeScales(topic: string, partitions: readonly number[], limits: CallLimits): Promise<readonly TimeScale[]>
  topics(limits: CallLimits): Promise<readonly TopicRow[]>
  topic(topic: string, limits: CallLimits): Promise<TopicDetails>
  records(topic: string, wish: RecordsWish, limits: CallLimits): Promise<RecordsPage>
  /** From now on, until the signal. */
  tail(topic: string, wish: { readonly partition?: number; readonly filter?: string }, signal: AbortSignal): AsyncIterable<ShownRecord>
  cluster(limits: CallLimits): Promise<ClusterDetails>
  close(): void
}
