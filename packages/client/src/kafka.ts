/**
 * The handle that everything else is made with: where the cluster is, how to talk to it, and the connections to it.
 */
import { type Platform, TidemarkError } from '@tidemark/platform'
import { Cluster } from './cluster/cluster.ts'
import { Diagnostics } from './diagnostics.ts'
import { type KafkaOptions, type ResolvedKafkaOptions, resolveOptions } from './options.ts'

export interface Kafka {
  /**
   * Closes all connections. Everything in flight, and everything that waits for its next attempt, rejects CLOSED at
   * once.
   */
  close(): Promise<void>
  [Symbol.asyncDispose](): Promise<void>
}

/** The implementation of a `Kafka`, for our own packages. */
export class KafkaHandle implements Kafka {
  readonly options: ResolvedKafkaOptions
  readonly platform: Platform
  readonly cluster: Cluster
  /** Reports failures that are retried. */
  readonly diagnostics: Diagnostics

  constructor(options: ResolvedKafkaOptions) {
    this.options = options
    this.platform = options.platform
    this.diagnostics = new Diagnostics(options.platform.clock, options.logger)
    this.cluster = new Cluster(options, this.diagnostics)
  }

  async close(): Promise<void> {
    this.cluster.close()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }
}

/**
 * Does no I/O yet: the first request connects. Throws `TidemarkError` INVALID_OPTION or INVALID_ADDRESS.
 *
 * ```ts
 * await using kafka = createKafka({ brokers: ['127.0.0.1:9092'], clientId: 'billing' })
 * ```
 */
export const createKafka = (options: KafkaOptions): Kafka => new KafkaHandle(resolveOptions(options))

/** Throws `TidemarkError` INVALID_ARGUMENT for what `createKafka` of this package did not make. */
export function handleOf(kafka: Kafka): KafkaHandle {
  if (kafka instanceof KafkaHandle) return kafka
  throw new TidemarkError('INVALID_ARGUMENT', 'the first argument must be what createKafka() of this version of @tidemark/client returned')
}
