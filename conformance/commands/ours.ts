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

/** What the storage of Kafka 4 holds from the start, where eligible leader replicas (KIP-966) are on. */
export async function asFormatted(brokers: readonly string[]): Promise<void> {
  await using kafka = createKafka({ brokers })
  await createAdmin(kafka).configs.alter({ type: 'broker', name: '' }, { 'min.insync.replicas': '1' })
}
