/** The broker that the page's answers come from, and what it is given before the first line is typed. */
import type { StartOptions } from '@tidemark/broker'
import { createAdmin, createKafka, createProducer } from '@tidemark/client'
import { asFormatted, OURS_WITH_ACLS } from '../kafka/alike.ts'
import { until } from '../waiting.ts'

export const OURS: StartOptions = { data: ':memory:', ...OURS_WITH_ACLS }

/** As any cluster is after a while: formatted by Kafka 4, with a log of its groups and with producer ids. */
export async function warmUp(brokers: readonly string[]): Promise<void> {
  await using kafka = createKafka({ brokers })
  const { groups, topics } = createAdmin(kafka)
  // A new cluster makes them for the first consumer and the first producer, which would report it.
  await groups.offsets('billing')
  await topics.create('warm')
  const producer = createProducer(kafka)
  await producer.send('warm', { value: '' })
  await producer.close()
  await topics.delete('warm')
  await until('the topic is deleted', async () => !(await topics.list()).some(({ name }) => name === 'warm'))
  await asFormatted(brokers)
}
