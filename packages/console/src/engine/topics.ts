/** Topics as their page shows them. */
import { type CallLimits, type ConfigEntry, createAdmin, type Kafka } from '@tidemark/client'
import { keyOf, topicIdText } from '@tidemark/client/internal'
import type { TopicConfig, TopicDetails, TopicRow } from '../shapes.ts'
import { nullIfHidden } from './hidden.ts'

export async function topicRows(kafka: Kafka, limits: CallLimits): Promise<readonly TopicRow[]> {
  const [topics, sizes] = await Promise.all([createAdmin(kafka).topics.list(limits), sizesOf(kafka, limits)])
  return topics.map(({ name, id, internal, partitions }) => ({
    topic: name,
    id: topicIdText(id),
    internal,
    partitions: partitions.length,
    replicas: partitions[0]?.replicas.length ?? 0,
    underReplicated: partitions.filter((p) => p.isr.length < p.replicas.length).length,
    bytes: sizes && partitions.reduce((sum, p) => sum + (sizes.get(keyOf({ topic: name, partition: p.partition })) ?? 0), 0),
  }))
}

export async function topicDetails(kafka: Kafka, topic: string, limits: CallLimits): Promise<TopicDetails> {
  const { topics } = createAdmin(kafka)
  const view = await topics.describe(topic, limits)
  const [sizes, configs, starts, ends] = await Promise.all([
    sizesOf(kafka, limits),
    topics.describeConfigs(topic, limits).catch(nullIfHidden),
    topics.offsets(topic, 'earliest', limits),
    topics.offsets(topic, 'latest', limits),
  ])
  const at = (list: typeof starts, partition: number) => list.find((it) => it.partition === partition)?.offset ?? null
  return {
    topic,
    id: topicIdText(view.id),
    internal: view.internal,
    partitions: view.partitions.map(({ partition, leader, leaderEpoch, replicas, isr }) => ({
      partition,
      leader,
      leaderEpoch,
      replicas,
      isr,
      start: at(starts, partition),
      end: at(ends, partition),
      bytes: sizes && (sizes.get(keyOf({ topic, partition })) ?? 0),
    })),
    configs: configs === null ? null : configs.map(configOf),
  }
}

const configOf = ({ name, value, source, isDefault, sensitive, documentation }: ConfigEntry): TopicConfig => ({
  name,
  value: sensitive ? null : value,
  source,
  isDefault,
  sensitive,
  documentation,
})

/** Bytes on the disk of the leader's replica, or of the largest. Null: the cluster does not tell them to us. */
async function sizesOf(kafka: Kafka, limits: CallLimits): Promise<ReadonlyMap<string, number> | null> {
  try {
    const sizes = new Map<string, number>()
    for (const dir of await createAdmin(kafka).cluster.logDirs(limits)) {
      for (const p of dir.partitions) sizes.set(keyOf(p), Math.max(p.bytes, sizes.get(keyOf(p)) ?? 0))
    }
    return sizes
  } catch (error) {
    return nullIfHidden(error)
  }
}
