/** The broker of an end-to-end test: ours, or the one that TIDEMARK_TEST_BROKERS names. */
import { startBroker } from '@tidemark/broker'
import { createKafka, type Kafka } from '@tidemark/client'

export interface BrokerUnderTest extends AsyncDisposable {
  readonly kafka: Kafka
  /** A session that the broker allows: Kafka's shortest is 6,000. */
  readonly sessionTimeoutMs: number
  /** A name that no other run of the tests has used. */
  fresh(kind: string): string
}

export async function brokerUnderTest(clientId: string): Promise<BrokerUnderTest> {
  const given = process.env.TIDEMARK_TEST_BROKERS
  const broker = given === undefined ? await startBroker({ data: ':memory:' }) : undefined
  const kafka = createKafka({ brokers: given?.split(',') ?? broker!.brokers, clientId })
  let names = 0
  return {
    kafka,
    sessionTimeoutMs: given === undefined ? 2_000 : 6_000,
    fresh: (kind) => `${kind}-${clientId}-${process.pid}-${names++}`,
    async [Symbol.asyncDispose]() {
      await kafka.close()
      await broker?.close()
    },
  }
}
