/** What our broker and Apache Kafka are started with, so that a client cannot tell them apart by their settings. */
import type { StartOptions } from '@tidemark/broker'
import { createAdmin, createKafka } from '@tidemark/client'
import type { Secured } from './cluster.ts'

/** A client that does not authenticate. */
export const SUPER_USER = 'User:ANONYMOUS'

/** As `startKafka` has it. */
export const SAME_AS_KAFKA = { numPartitions: 4, offsetsPartitions: 4 } satisfies Partial<StartOptions>
/** ACLs are on, and a client that does not authenticate may do everything: for our broker, and for Kafka. */
export const OURS_WITH_ACLS = { ...SAME_AS_KAFKA, authorizer: { superUsers: [SUPER_USER] } } satisfies Partial<StartOptions>
export const KAFKA_WITH_ACLS: Secured = {
  protocols: [],
  settings: { 'authorizer.class.name': 'org.apache.kafka.metadata.authorizer.StandardAuthorizer', 'super.users': SUPER_USER },
}

/** What Kafka 4 formats its storage with, where eligible leader replicas (KIP-966) are on. */
export async function asFormatted(brokers: readonly string[]): Promise<void> {
  await using kafka = createKafka({ brokers })
  await createAdmin(kafka).configs.alter({ type: 'broker', name: '' }, { 'min.insync.replicas': '1' })
}
