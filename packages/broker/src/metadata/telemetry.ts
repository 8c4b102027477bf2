/** Client metrics, as handlers ask for them. */
import type { Random } from '@tidemark/platform'
import { ResourceType } from '../state/configs/definition.ts'
import { type ClientOfMetrics, type Subscription, subscriptionOf } from '../state/telemetry/subscriptions.ts'
import type { MetadataLog } from './metadata-log.ts'

export class Telemetry {
  /** Kafka's `telemetry.max.bytes`. */
  readonly bytesMax = 1024 * 1024
  readonly #metadataLog: MetadataLog
  readonly #random: Random

  constructor(metadataLog: MetadataLog, random: Random) {
    this.#metadataLog = metadataLog
    this.#random = random
  }

  newInstanceId(): string {
    return this.#random.uuid()
  }

  subscriptionOf(client: ClientOfMetrics): Subscription {
    const { metadata } = this.#metadataLog
    const names = metadata.configured(ResourceType.CLIENT_METRICS)
    return subscriptionOf(
      names.map((name) => metadata.configsOf(ResourceType.CLIENT_METRICS, name)),
      client,
    )
  }
}
