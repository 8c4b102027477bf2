/** What both are started with: ACLs are on, and a client that does not authenticate may do everything. */
import type { StartOptions } from '@tidemark/broker'
import { createAdmin, createKafka } from '@tidemark/client'

export const SUPER_USER = 'User:ANONYMOUS'

export const OURS: StartOptions = {
  data: ':memory:',
  numPartitions: 4,
  offsetsPartitions: 4,
  authorizer: { superUsers: [SUPER_USER] },
}

/** As any cluster is after a while: with what Kafka 4 formats its storage with (KIP-966), and with coordinators of groups. */
export async function asFormatted(brokers: readonly string[]): Promise<void> {
  await using kafka = createKafka({ brokers })
  const { configs, groups } = createAdmin(kafka)
  // A new cluster first makes the log of its groups, which a consumer would report.
  await groups.offsets('billing')
  await configs.alter({ type: 'broker', name: '' }, { 'min.insync.replicas': '1' })
}
