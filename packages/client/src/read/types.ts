import type { Isolation } from '../cluster/types.ts'

export interface ReadOptions {
  /**
   * Where to begin: the ends of the log, the first record at or after a Date, an offset for all partitions, or one
   * for each partition that is to be read. Default: `earliest`.
   */
  readonly from?: 'earliest' | 'latest' | Date | number | Readonly<Record<number, number>>
  /**
   * Where to stop, exclusive: at the end as it is when the reading begins, at the first record at or after a Date (at
   * the end, if there is none yet), at an offset, or at one for each partition that is to be read. Default: never; then
   * partitions that are added later are read too, from their start.
   */
  readonly to?: 'end' | Date | number | Readonly<Record<number, number>>
  /** Which ones are read. Default: all of them, or those that both `from` and `to` name. */
  readonly partitions?: readonly number[]
  /**
   * Whether records of transactions that are not committed are read. Kafka: `isolation.level`. Default:
   * `'read_uncommitted'`.
   */
  readonly isolation?: Isolation
  /** Makes the iteration throw `TidemarkError` ABORTED. */
  readonly signal?: AbortSignal
  /** What may wait to be read. Default: 32 MiB. */
  readonly bufferBytesMax?: number
  /** Whether checksums are checked. Kafka: `check.crcs`. Default: true. */
  readonly checkCrc?: boolean
}
