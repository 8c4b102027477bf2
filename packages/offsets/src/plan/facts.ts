/** What a plan is made from: the cluster at one moment, as it was read. Plain data; `gather.ts` reads it. */
import type { Place } from '../moves/place.ts'

export interface LogFacts {
  readonly start: number
  readonly startEpoch: number
  /** The high watermark. */
  readonly end: number
  readonly endEpoch: number
}

export interface PartitionFacts {
  readonly topic: string
  readonly partition: number
  /** Null: the topic does not exist. */
  readonly topicId: string | null
  readonly committed: Place | null
  /** Null: it cannot be read. */
  readonly log: LogFacts | null
  /** What the target has for this partition: found by time, read from another group, a bookmark or a list. */
  readonly given: GivenPlace | null
}

export interface GivenPlace {
  /** Null: no record is at or after the time; nothing was committed. */
  readonly place: Place | null
  /** Of the topic that the place belongs to; null: any will do. */
  readonly topicId: string | null
  /** Not what was there, but the nearest that is known. */
  readonly isBounded?: boolean
}

export interface GroupFacts {
  readonly clusterId: string
  readonly group: string
  readonly kind: string
  readonly state: string
  readonly protocolType: string
  readonly members: number
  /** Where the plan's reader can be told to find the cluster. */
  readonly brokers: readonly string[]
  /** Whether it is reached with TLS or SASL: Kafka's own tool then needs a file of properties. */
  readonly isSecured: boolean
}
