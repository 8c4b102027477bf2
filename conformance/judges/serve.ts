/**
 * Our broker in a process of its own, so that it can be killed: `serve.ts OPTIONS`, the options of `startBroker` as
 * JSON. Its first line is its address. Suites that say what they need (four partitions by default) are given it here;
 * everything else is as `tidemark up` has it.
 */
import { type StartOptions, startBroker } from '@tidemark/broker'

const broker = await startBroker(JSON.parse(process.argv[2] ?? '{}') as StartOptions)
process.stdout.write(`${broker.brokers[0]}\n`)
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => void broker.close())
await broker.closed
