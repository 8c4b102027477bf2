/** A process that is several nodes, and a client of each. */
import { parseAddress } from '@tidemark/platform'
import { onTestFinished } from 'vitest'
import type { Broker } from '../broker.ts'
import { RawClient } from './index.ts'
import { start } from './requests.case.ts'

export async function clientOf(broker: Broker, node: number): Promise<RawClient> {
  const address = Object.values(broker.nodes.find(({ id }) => id === node)!.listeners)[0]!
  const client = await RawClient.connect(parseAddress(address)!)
  onTestFinished(() => client.end())
  return client
}

/** Three nodes unless told otherwise. */
export async function cluster(options: Parameters<typeof start>[0] = {}) {
  const broker = await start({ nodes: 3, ...options })
  const clients = new Map<number, RawClient>()
  for (const { id } of broker.nodes) clients.set(id, await clientOf(broker, id))
  return { broker, of: (id: number): RawClient => clients.get(id)! }
}
