/**
 * Apache Kafka by hand, until Ctrl-C: prints the addresses as its first line.
 *
 *   node --conditions=@tidemark/source conformance/kafka/up.ts 4.3.1 3
 */
import { startKafka } from './cluster.ts'
import { type KafkaVersion, NEWEST } from './jars.ts'

const cluster = await startKafka((process.argv[2] ?? NEWEST) as KafkaVersion, process.argv[3] === '3' ? 3 : 1)
console.log(cluster.brokers.join(','))
const alive = setInterval(() => {}, 1_000)
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, async () => {
    clearInterval(alive)
    await cluster.close()
  })
}
