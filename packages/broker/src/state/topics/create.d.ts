import { type TopicConfig } from './configs.ts'
import type { Metadata } from './metadata.ts'
export interface Wish {
  readonly name: string
  /** -1: the default. */
  readonly numPartitions: number
  readonly replicationFactor: number
  readonly assignments: readonly {
    readonly partitionIndex: number
    readonly brokerIds: readonly number[]
  }[]
  readonly configs: readonly {
    readonly name: string
    readonly value: string | null
  }[]
}
export interface Cluster {
  readonly metadata: Metadata
  readonly nodeId: number
  readonly numPartitions: number
  readonly topicsMax: number
  readonly partitionsMax: number
}
export type Decided =
  | {
      readonly kind: 'create'
      readonly name: string
      readonly partitions: number
      readonly configs: readonly TopicConfig[]
    }
  | {
      readonly kind: 'refuse'
      readonly code: number
      readonly message: string
    }
export declare function decideTopic(wish: Wish, cluster: Cluster): Decided
/** Also for a topic that Metadata or a producer would make. */
export declare function nameRefused(name: string, metadata: Metadata): Decided | undefined
