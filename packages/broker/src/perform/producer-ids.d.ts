/**
 * Gives producer ids away, each once: a block of them is reserved in `__cluster_metadata` before its first one goes out, so that
 * a crash skips ids and never gives one twice.
 */
import type { Now } from '@tidemark/platform'
import type { Cluster } from './cluster.ts'
export declare class ProducerIds {
  #private
  constructor(cluster: Cluster, block: number)
  /** A producer id that nobody had. */
  next(): Now<bigint>
}
