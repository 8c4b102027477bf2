/** What the reading of history needs to know of the cluster; each with Kafka's default where it must not be read. */
import { type CallLimits, createAdmin, type Kafka } from '@tidemark/client'
import { handleOf } from '@tidemark/client/internal'
import { rowError } from '../read/limits.ts'

const MINUTE_MS = 60_000
/** Kafka's default: a week. */
const RETENTION_MINUTES = 10_080
const METADATA_MAX = 4_096

export interface BrokerSettings {
  /** `offsets.retention.minutes`, in milliseconds. */
  readonly offsetsRetentionMs: number
  /** `offset.metadata.max.bytes`. */
  readonly metadataMax: number
}

export async function brokerSettings(kafka: Kafka, limits: CallLimits): Promise<BrokerSettings> {
  const { cluster } = handleOf(kafka)
  const known = new Map<string, string | null>()
  try {
    const node = cluster.nodes()[0]
    if (node !== undefined) {
      const entries = await createAdmin(kafka).configs.describe({ type: 'broker', name: String(node.nodeId) }, limits)
      for (const { name, value } of entries) known.set(name, value)
    }
  } catch (error) {
    rowError(error) // configurations need a right of their own: without it Kafka's defaults are taken
  }
  const number = (name: string, fallback: number): number => Number(known.get(name) ?? fallback)
  return {
    offsetsRetentionMs: number('offsets.retention.minutes', RETENTION_MINUTES) * MINUTE_MS,
    metadataMax: number('offset.metadata.max.bytes', METADATA_MAX),
  }
}

/** By name, for partitions that records name by the topic's id. */
export async function topicIdsOf(kafka: Kafka, signal: AbortSignal | undefined): Promise<ReadonlyMap<string, string>> {
  const topics = await handleOf(kafka).cluster.allTopics(signal)
  return new Map(topics.map(({ name, id }) => [name, id]))
}
