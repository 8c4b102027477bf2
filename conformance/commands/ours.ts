/** What both are started with: ACLs are on, and a client that does not authenticate may do everything. */
import type { StartOptions } from '@tidemark/broker'
import { createAdmin, createKafka, createProducer } from '@tidemark/client'

export const SUPER_USER = 'User:ANONYMOUS'

export const OURS: StartOptions = {
  data: ':memory:',
  numPartitions: 4,
  offsetsPartitions: 4,
  authorizer: { superUsers: [SUPER_USER] },
}

/**
 * As any cluster is after a while: with what Kafka 4 formats its storage with (KIP-966), and with coordinators of
 * groups.
 */
export async function asFormatted(brokers: readonly string[]): Promise<void> {
  await using kafka = createKafka({ brokers })
  const { configs, groups, topics } = createAdmin(kafka)
  // A new cluster first makes the log of its groups and its producer ids, which a consumer and a producer would report.
  await groups.offsets('billing')
  await topics.create('warm')
  const producer = createProducer(kafka)
  await producer.send('warm', { value: '' })
  await producer.close()
  await topics.delete('warm')
  while ((await topics.list()).some(({ name }) => name === 'warm')) await new Promise((resolve) => setTimeout(resolve, 50))
  await configs.alter({ type: 'broker', name: '' }, { 'min.insync.replicas': '1' })
}
