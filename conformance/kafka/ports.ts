/** Ports that were free a moment ago, all different. */
import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'

export async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer().listen(0, '127.0.0.1'))
  await Promise.all(servers.map((server) => once(server, 'listening')))
  const ports = servers.map((server) => (server.address() as AddressInfo).port)
  await Promise.all(servers.map((server) => once(server.close(), 'close')))
  return ports
}

/** The first of so many that follow each other: the nodes of one process take them so. */
export async function freeRun(count: number): Promise<number> {
  for (;;) {
    const first = await freePort()
    const servers = Array.from({ length: count }, (_, i) => createServer().listen(first + i, '127.0.0.1'))
    const bound = await Promise.allSettled(servers.map((server) => once(server, 'listening')))
    await Promise.all(servers.map((server) => server.listening && once(server.close(), 'close')))
    if (bound.every(({ status }) => status === 'fulfilled')) return first
  }
}

export const freePort = async (): Promise<number> => (await freePorts(1))[0]!
