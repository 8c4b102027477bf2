/** What the routes ask for. One implementation, over `@tidemark/offsets` and `@tidemark/client`. */
import type { CallLimits } from '@tidemark/client'
import type { Acceptable, ApplyStep, Finding, GroupLag, MovePlan, MoveRecord, MoveWish, PositionsAt } from '@tidemark/offsets'
import type {
  BookmarkRow,
  ClusterDetails,
  CommitHistoryPage,
  PeekedRecordView,
  RecordsPage,
  ShownRecord,
  TimeScale,
  TopicDetails,
  TopicRow,
} from './shapes.ts'

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

export interface PeekWish {
  readonly topic: string
  readonly partition: number
  /** Records below and above the committed offset. */
  readonly around: number
}

export interface HistoryWish {
  readonly group?: string
  readonly fromMs?: number
  readonly toMs?: number
  /** Every commit; else those alone that moved a group. */
  readonly all: boolean
}

export interface ApplyWish {
  readonly accept?: readonly Acceptable[]
  readonly waitEmptyMs?: number
  readonly reason?: string
}

export interface RestoreWish {
  readonly atMs: number
  readonly scope: MoveWish['scope']
  /** The commit that is taken back: where the group is elsewhere by now, the plan has a warning. */
  readonly undoes?: TakenBack
}

/** One partition, and where a commit put it; null: it was deleted. */
export interface TakenBack {
  readonly topic: string
  readonly partition: number
  readonly place: { readonly offset: number; readonly leaderEpoch: number; readonly metadata: string } | null
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
  examine(group: string | undefined, limits: CallLimits): Promise<readonly Finding[]>
  peek(group: string, wish: PeekWish, limits: CallLimits): Promise<readonly PeekedRecordView[]>
  history(wish: HistoryWish, limits: CallLimits): Promise<CommitHistoryPage>
  positionsAt(group: string, atMs: number, limits: CallLimits): Promise<PositionsAt>
  plan(wish: MoveWish, limits: CallLimits): Promise<MovePlan>
  apply(plan: MovePlan, wish: ApplyWish, limits: CallLimits, onProgress: (step: ApplyStep) => void): Promise<MoveRecord>
  /** Of one group, or of all; newest first. */
  moves(group: string | undefined, limits: CallLimits): Promise<readonly MoveRecord[]>
  planUndo(id: string, limits: CallLimits): Promise<MovePlan>
  planRestore(group: string, wish: RestoreWish, limits: CallLimits): Promise<MovePlan>
  bookmarks(limits: CallLimits): Promise<readonly BookmarkRow[]>
  close(): void
}
