/**
 * What the server tells the page: plain data, whole in JSON. The page imports these types and nothing else of the
 * server.
 */
import type { ApplyStep, CommitEvent, Finding, GroupLag, Measured, MoveRecord, PartitionLag } from '@tidemark/offsets'

export type {
  CommitEvent,
  Finding,
  Measured,
  MovePlan,
  MoveRecord,
  MoveTarget,
  MoveWish,
  PlannedChange,
  PositionsAt,
  TopicScope,
} from '@tidemark/offsets'

/** What every page shows around itself. */
export interface ConsoleInfo {
  readonly clusterName: string
  readonly brokers: readonly string[]
  readonly readOnly: boolean
  /** The name of the group has to be typed before a plan is applied. */
  readonly protected: boolean
  readonly intervalMs: number
  /** What a command needs to reach the cluster. */
  readonly commandFlags: string
}

/** A row of the list of groups. */
export interface GroupRow {
  readonly group: string
  readonly kind: string
  readonly state: string
  readonly members: number
  readonly partitions: number
  readonly topics: readonly string[]
  readonly lag: number | null
  readonly open: number | null
  readonly ageMs: Measured | null
  readonly etaMs: Measured | null
  readonly runwayMs: Measured | null
  /** Open records of the partition that has most, beside the mean of all: 1 is even. Null: nothing is open. */
  readonly skew: number | null
  /** Open records, oldest first, as far back as somebody has looked. */
  readonly trend: readonly number[]
  /** Partitions whose log cannot be read, and the group's commits if they cannot. */
  readonly unreadable: number
}

/** Events of `/api/live`. */
export type LiveEvent =
  | {
      readonly kind: 'groups'
      readonly whole: boolean
      readonly rows: readonly GroupRow[]
      readonly gone: readonly string[]
      readonly atMs: number
    }
  | { readonly kind: 'group'; readonly lag: GroupView; readonly trend: readonly TrendPoint[] }
  | { readonly kind: 'absent'; readonly group: string; readonly message: string }
  | { readonly kind: 'failed'; readonly code: string; readonly message: string; readonly atMs: number }

export interface PartitionView extends PartitionLag {
  /** Of the records that the commit's completion map says are done: from, to, exclusive. */
  readonly doneRanges: readonly (readonly [from: number, to: number])[]
  /** What it says of records that are not done. */
  readonly retries: readonly {
    readonly offset: number
    readonly attempts: number
    readonly deaths: number
    readonly isCondemned: boolean
  }[]
}

export interface GroupView extends Omit<GroupLag, 'partitions'> {
  readonly partitions: readonly PartitionView[]
}

export interface TrendPoint {
  readonly atMs: number
  readonly open: number
}

export interface TopicRow {
  readonly topic: string
  /** As Kafka's tools print it; null: the brokers are too old to tell. */
  readonly id: string | null
  readonly internal: boolean
  readonly partitions: number
  readonly replicas: number
  readonly underReplicated: number
  readonly bytes: number | null
}

export interface TopicPartitionRow {
  readonly partition: number
  readonly leader: number
  readonly leaderEpoch: number
  readonly replicas: readonly number[]
  readonly isr: readonly number[]
  readonly start: number | null
  readonly end: number | null
  readonly bytes: number | null
}

export interface TopicConfig {
  readonly name: string
  readonly value: string | null
  readonly source: string
  readonly isDefault: boolean
  readonly sensitive: boolean
  readonly documentation: string | null
}

export interface TopicDetails {
  readonly topic: string
  readonly id: string | null
  readonly internal: boolean
  readonly partitions: readonly TopicPartitionRow[]
  /** Null: this client may not see them. */
  readonly configs: readonly TopicConfig[] | null
}

/** Text where the bytes are UTF-8, else base64; cut where it is long. */
export interface ShownBytes {
  readonly text: string
  readonly encoding: 'text' | 'json' | 'base64'
  /** Of all of it. */
  readonly bytes: number
  /** By which a schema registry decoded it, or why it could not. */
  readonly schema?: ShownSchema
}

export type ShownSchema =
  | { readonly id: number | string; readonly type: string; readonly name: string | null }
  | { readonly id: number | string; readonly problem: string }

export interface ShownRecord {
  readonly topic: string
  readonly partition: number
  readonly offset: number
  readonly timestampMs: number
  readonly key: ShownBytes | null
  readonly value: ShownBytes | null
  readonly headers: readonly { readonly key: string; readonly value: ShownBytes | null }[]
}

/** A record at or around a committed offset; `at`: the next one that the group reads. */
export interface PeekedRecordView extends ShownRecord {
  readonly place: 'before' | 'at' | 'after'
}

export interface RecordsPage {
  readonly records: readonly ShownRecord[]
  /** Where the next page begins, by partition; null: at the end. */
  readonly next: Readonly<Record<number, number>> | null
  /** Records that the filter looked at. */
  readonly examined: number
}

/** Where a partition was at some times: the scale of a ruler. */
export interface TimeScale {
  readonly topic: string
  readonly partition: number
  readonly points: readonly { readonly offset: number; readonly atMs: number }[]
  /** `retention.ms` of the topic; null: records are kept for ever, or the configuration is hidden. */
  readonly retentionMs: number | null
  /** Records below it are deleted within a tenth of the retention; null: by time, none is deleted. */
  readonly dueOffset: number | null
}

export interface ClusterDetails {
  readonly clusterId: string
  readonly controller: number
  readonly nodes: readonly {
    readonly id: number
    readonly host: string
    readonly port: number
    readonly rack: string | null
    readonly bytes: number | null
  }[]
  readonly features: readonly {
    readonly name: string
    readonly min: number | null
    readonly max: number | null
    readonly finalized: number | null
  }[]
  readonly quorum: { readonly leader: number; readonly voters: readonly number[]; readonly observers: readonly number[] } | Unavailable
  readonly acls: readonly AclRow[] | Unavailable
}

export interface AclRow {
  readonly principal: string
  readonly host: string
  readonly operation: string
  readonly permission: string
  readonly resource: string
  readonly name: string
  readonly pattern: string
}

/** What this cluster does not tell, and why. */
export interface Unavailable {
  readonly unavailable: string
}

export interface BookmarkRow {
  readonly name: string
  readonly group: string
  readonly atMs: number
  readonly partitions: number
}

/** A plan that is applied, or was. */
export interface Application {
  readonly id: string
  readonly planId: string
  readonly group: string
  readonly state: 'running' | 'done' | 'failed'
  /** The last step that is over; null: it waits for the group to be empty. */
  readonly step: ApplyStep | null
  readonly startedMs: number
  readonly record: MoveRecord | null
  readonly error: { readonly code: string; readonly message: string } | null
}

/** A group that has to do with a topic. */
export interface StandingGroup {
  readonly group: string
  readonly state: string
  readonly open: number
  readonly places: readonly {
    readonly partition: number
    readonly committed: number | null
    readonly open: number | null
    readonly ageMs: Measured | null
  }[]
}

export interface CommitHistoryPage {
  /** Newest first. */
  readonly events: readonly CommitEvent[]
  /** Older ones that are not among them. */
  readonly left: number
  /** The log of commits was not read to its end. */
  readonly isPartial: boolean
  /** Why the cluster does not show its log of commits; null: it does. */
  readonly unreadable: string | null
}

export interface FindingsPage {
  /** The worst first. */
  readonly findings: readonly Finding[]
  /** Those that are not among them. */
  readonly left: number
}

export interface FindingCounts {
  readonly errors: number
  readonly warnings: number
}
