/** Where the examples run: the embedded broker, or the Kafka cluster that TIDEMARK_BROKERS names. */
import { startBroker } from '@tidemark/broker'
import { createKafka, type Kafka } from '@tidemark/client'

export interface ExampleCluster extends AsyncDisposable {
  readonly kafka: Kafka
  readonly brokers: readonly string[]
}

export async function startCluster(): Promise<ExampleCluster> {
  const closing = new AsyncDisposableStack()
  const given = process.env.TIDEMARK_BROKERS?.split(',')
  const brokers = given ?? closing.use(await startBroker({ data: ':memory:' })).brokers
  const kafka = closing.use(createKafka({ brokers }))
  return { kafka, brokers, [Symbol.asyncDispose]: () => closing.disposeAsync() }
}
