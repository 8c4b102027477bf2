/** Stands between clients and a broker, and holds back what a test names: the moment in which a process is killed. */
import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'

export interface Hold {
  /** The API key of the request. */
  readonly api: number
  /** The how-manieth of them. Default: the first. */
  readonly nth?: number
  /** Before the broker has it, or once the broker has answered. */
  readonly at: 'request' | 'answer'
}

export interface Gate {
  readonly address: string
  /** Resolves when the connection is held. From then on nothing passes on it. */
  hold(hold: Hold): Promise<void>
  /** Everything passes again, on new connections. */
  open(): void
  close(): Promise<void>
}

/** `target` is asked for at the first connection: the broker has to know the gate's address before it listens. */
export async function gateTo(target: () => { host: string; port: number }): Promise<Gate> {
  let armed: (Hold & { left: number; resolve: () => void }) | undefined
  const sockets = new Set<Socket>()
  const server = createServer((client) => {
    const broker = connect(target())
    let isHeld = false
    for (const socket of [client, broker]) {
      sockets.add(socket)
      socket.setNoDelay(true)
      socket.on('error', () => {}) // the other side was killed: what these tests are about
      socket.on('close', () => {
        sockets.delete(socket)
        client.destroy()
        broker.destroy()
      })
    }
    let waiting = Buffer.alloc(0)
    client.on('data', (bytes) => {
      waiting = Buffer.concat([waiting, bytes])
      while (!isHeld && waiting.length >= 6 && waiting.length >= 4 + waiting.readInt32BE(0)) {
        const frame = waiting.subarray(0, 4 + waiting.readInt32BE(0))
        waiting = waiting.subarray(frame.length)
        const isIt = armed !== undefined && frame.readInt16BE(4) === armed.api && --armed.left === 0
        if (!isIt) broker.write(frame)
        else {
          isHeld = true
          const { at, resolve } = armed!
          armed = undefined
          if (at === 'request') resolve()
          else {
            broker.write(frame)
            broker.once('data', () => resolve())
          }
        }
      }
    })
    broker.on('data', (bytes) => {
      if (!isHeld) client.write(bytes)
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    hold: (hold) =>
      new Promise((resolve) => {
        armed = { ...hold, left: hold.nth ?? 1, resolve }
      }),
    open: () => {
      armed = undefined
    },
    close: async () => {
      for (const socket of sockets) socket.destroy()
      server.close()
      await once(server, 'close')
    },
  }
}
