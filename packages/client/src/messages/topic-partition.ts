/** One partition of one topic, and what is done with such pairs everywhere: keys of maps, order, text. */
export interface TopicPartition {
  readonly topic: string
  readonly partition: number
}

/**
 * The key of a partition in a map: one for each pair. The number stands first, so that no name of a topic can be
 * taken for a part of it (`a-1` and partition 0 would be `a` and partition `1-0` elsewhere).
 */
export const keyOf = ({ topic, partition }: TopicPartition): string => `${partition}/${topic}`

/** As Kafka's tools write it: `orders-0`. For people; not a key. */
export const textOf = ({ topic, partition }: TopicPartition): string => `${topic}-${partition}`

/** By topic, then by number. */
export function compareTopicPartitions(a: TopicPartition, b: TopicPartition): number {
  if (a.topic === b.topic) return a.partition - b.partition
  return a.topic < b.topic ? -1 : 1
}
