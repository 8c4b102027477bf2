/** The handle that everything else is made with: where the cluster is, how to talk to it, and the connections to it. */
import type { Platform } from '@tidemark/platform'
import { Cluster } from './cluster/cluster.ts'
import { type KafkaOptions, type ResolvedKafkaOptions, resolveOptions } from './options.ts'

export interface Kafka {
  readonly options: ResolvedKafkaOptions
  readonly platform: Platform
  readonly cluster: Cluster
  /** Closes all connections; whatever is under way rejects CLOSED. Close producers and consumers first. */
  close(): Promise<void>
  [Symbol.asyncDispose](): Promise<void>
}

/**
 * Does no I/O yet: the first request connects. Throws `TidemarkError` INVALID_OPTION or INVALID_ADDRESS.
 *
 * ```ts
 * await using kafka = createKafka({ brokers: ['127.0.0.1:9092'], clientId: 'billing' })
 * ```
 */
export function createKafka(options: KafkaOptions): Kafka {
  const resolved = resolveOptions(options)
  const cluster = new Cluster(resolved)
  const close = async (): Promise<void> => cluster.close()
  return { options: resolved, platform: resolved.platform, cluster, close, [Symbol.asyncDispose]: close }
}
