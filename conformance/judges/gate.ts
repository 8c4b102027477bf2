/**
 * A proxy that keeps listening while the broker behind it is killed and started: a connection waits until the broker
 * accepts it, and ends when the broker's ends. Suites that tell a refused connection from a broken one (kgo's group
 * tests give up at the first) see only broken ones.
 */
import { connect, createServer, type Server, type Socket } from 'node:net'

const AGAIN_MS = 20
const WAIT_MAX_MS = 10_000

export function openGate(port: number, brokerPort: number): Server {
  return createServer((outside) => {
    outside.on('error', () => {})
    join(outside, brokerPort, performance.now() + WAIT_MAX_MS)
  }).listen(port, '127.0.0.1')
}

function join(outside: Socket, brokerPort: number, untilMs: number): void {
  const inside = connect(brokerPort, '127.0.0.1')
  inside.setNoDelay(true)
  outside.setNoDelay(true)
  inside.once('connect', () => {
    outside.pipe(inside)
    inside.pipe(outside)
    inside.once('close', () => outside.destroy())
    outside.once('close', () => inside.destroy())
  })
  inside.on('error', () => {
    if (!inside.connecting && inside.bytesRead + inside.bytesWritten > 0) return outside.destroy()
    if (performance.now() > untilMs || outside.destroyed) outside.destroy()
    else setTimeout(() => join(outside, brokerPort, untilMs), AGAIN_MS)
  })
}
