/** What every command that talks to a cluster has in common: where it is, how output looks, and that connections are closed in the end. */
import { createKafka, type Kafka } from '@tidemark/client'
import { type Command, Option } from 'commander'
import { usage } from './exit.ts'

export interface ClusterOptions {
  readonly brokers: string
}

export interface OutputOptions {
  readonly output: 'table' | 'json'
}

const brokersOption = (): Option =>
  new Option('-b, --brokers <HOST:PORT,…>', 'where the cluster is').env('TIDEMARK_BROKERS').default('127.0.0.1:9092')

export const withCluster = (command: Command): Command => command.addOption(brokersOption())

export const withOutput = (command: Command): Command =>
  command.addOption(new Option('-o, --output <FORMAT>', 'how to print').choices(['table', 'json']).default('table'))

/** Connects, acts, and closes, whatever happens. */
export async function connected<T>(options: ClusterOptions, act: (kafka: Kafka) => Promise<T>): Promise<T> {
  await using kafka = createKafka({
    brokers: options.brokers.split(',').map((broker) => broker.trim()),
    clientId: 'tidemark',
    connectTimeoutMs: 5_000,
    requestTimeoutMs: 15_000,
  })
  return await act(kafka)
}

/** `host:port`, an IPv6 host in brackets. */
export function addressOf(text: string): { host: string; port: number } {
  const match = /^(?:\[([^\]]+)\]|([^:]+)):(\d{1,5})$/.exec(text)
  const port = Number(match?.[3])
  if (match === null || port > 65_535) throw usage(`'${text}' is no address; write HOST:PORT, an IPv6 host in brackets`)
  return { host: (match[1] ?? match[2])!, port }
}

export function wholeNumber(name: string, least = 0): (text: string) => number {
  return (text) => {
    const n = Number(text)
    if (!Number.isSafeInteger(n) || n < least) throw usage(`${name} must be a whole number of ${least} or more, not '${text}'`)
    return n
  }
}
