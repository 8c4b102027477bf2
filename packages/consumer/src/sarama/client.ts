/** Sarama's `Client`, as far as consumers use it. */
import { createAdmin, type Kafka } from '@tidemark/client'
import { handleOf, listOffsets } from '@tidemark/client/internal'
import { checkName, checkPartition, checkTime, TidemarkError } from '@tidemark/platform'
import { offsetNewest, offsetOldest } from './config.ts'

export interface Client {
  readonly kafka: Kafka
  /**
   * An offset of a partition by time: `offsetNewest` (where the next message will be), `offsetOldest` (the first that
   * is left), or milliseconds since 1970: the first message at or after that time, -1 if there is none. Rejects with
   * `TidemarkError` INVALID_ARGUMENT, UNKNOWN_TOPIC, UNKNOWN_PARTITION, UNREACHABLE, …
   */
  getOffset(topic: string, partition: number, time: number): Promise<number>
  /** All topics that are not internal to Kafka. */
  topics(): Promise<string[]>
  partitions(topic: string): Promise<number[]>
}

/** A client over a connection that stays its caller's to close. */
export function newClient(kafka: Kafka): Client {
  const { cluster } = handleOf(kafka)
  const admin = createAdmin(kafka)
  return {
    kafka,
    async getOffset(topic, partition, time) {
      checkName('the topic', topic)
      checkPartition('the partition of getOffset()', partition)
      const [found] = await listOffsets(cluster, [{ topic, partition, at: specOf(time) }], { isolation: 'read_uncommitted' })
      return found?.offset ?? -1
    },
    topics: async () => (await admin.topics.list()).filter(({ internal }) => !internal).map(({ name }) => name),
    partitions: async (topic) => (await admin.topics.describe(topic)).partitions.map(({ partition }) => partition),
  }
}

function specOf(time: number): 'earliest' | 'latest' | Date {
  if (time === offsetNewest) return 'latest'
  if (time === offsetOldest) return 'earliest'
  if (typeof time !== 'number')
    throw new TidemarkError('INVALID_ARGUMENT', 'the time of getOffset() must be offsetNewest, offsetOldest or a number')
  return checkTime('the time of getOffset()', new Date(time))
}
