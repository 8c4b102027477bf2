/**
 * Our broker in a process of its own, so that it can be killed: `serve.ts FOLDER|:memory: PORT PARTITIONS ADVERTISED-PORT`. Its first line is its address.
 * Suites that say what they need (four partitions by default) are given it here; everything else is as `tidemark up` has it.
 */
import { startBroker } from '@tidemark/broker'

const [data, port, numPartitions, advertisedPort] = process.argv.slice(2)
const broker = await startBroker({
  data: data ?? ':memory:',
  listen: { host: '127.0.0.1', port: Number(port ?? 0) },
  ...(advertisedPort !== undefined && { advertised: { host: '127.0.0.1', port: Number(advertisedPort) } }),
  numPartitions: Number(numPartitions ?? 1),
  memoryBytesMax: 2 ** 31,
})
process.stdout.write(`${broker.brokers[0]}\n`)
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => void broker.close())
await broker.closed
