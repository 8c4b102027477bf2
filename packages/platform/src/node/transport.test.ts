import net from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import type { Connection, ConnectionHandlers } from '../transport.ts'
import { nodeTransport } from './transport.ts'

const BYTES = 256 * 1024

/** Two ends of one connection; `handlers` are those of the far end. */
async function pair(handlers: ConnectionHandlers): Promise<Connection> {
  const listener = await nodeTransport.listen({ host: '127.0.0.1', port: 0 }, (connection) => {
    connection.handlers = handlers
  })
  const near = await nodeTransport.connect(listener.address, 5000)
  onTestFinished(async () => {
    near.destroy()
    await listener.close()
  })
  return near
}

test('bytes arrive in the memory that the receiver wants, and otherwise in memory that is lent for the call', async () => {
  const sent = Buffer.from(Array.from({ length: BYTES }, (_, i) => i % 251))
  const own = Buffer.alloc(BYTES / 2)
  const lent: Buffer[] = []
  let filled = 0
  let copied = Buffer.alloc(0)
  const all = Promise.withResolvers<void>()
  const near = await pair({
    target: () => (copied.length > 0 && filled < own.length ? own.subarray(filled) : undefined),
    onData(chunk) {
      if (chunk.buffer === own.buffer) filled += chunk.length
      else {
        lent.push(chunk)
        copied = Buffer.concat([copied, chunk])
      }
      if (filled + copied.length === BYTES) all.resolve()
    },
    onDrain() {},
    onClose() {},
  })
  near.write([sent.subarray(0, 1000), sent.subarray(1000)])
  await all.promise
  expect(filled).toBe(own.length)
  const first = lent[0]!.length
  expect(Buffer.concat([copied.subarray(0, first), own, copied.subarray(first)]).equals(sent)).toBe(true)
  expect(new Set(lent.map((chunk) => chunk.buffer)).size).toBe(1)
})

test('a Node that cannot read into given memory for accepted connections reads as it does by itself', async () => {
  const received = Promise.withResolvers<Buffer>()
  const listener = await nodeTransport.listen({ host: '127.0.0.1', port: 0 }, (connection) => {
    connection.handlers = { onData: (chunk) => received.resolve(Buffer.from(chunk)), onDrain() {}, onClose() {} }
  })
  const connecting = nodeTransport.connect(listener.address, 5000)
  const restore = withoutUserBuffers()
  const near = await connecting.finally(restore)
  near.write([Buffer.from('hello')])
  expect(String(await received.promise)).toBe('hello')
  near.destroy()
  await listener.close()
})

/** Takes from Node what it calls for `onread`; returns what gives it back. */
function withoutUserBuffers(): () => void {
  const probe = net.connect({ host: '127.0.0.1', port: 1 }).on('error', () => {})
  let owner = (probe as unknown as { _handle: object })._handle
  while (!Object.hasOwn(owner, 'useUserBuffer')) owner = Object.getPrototypeOf(owner)
  probe.destroy()
  const { useUserBuffer } = owner as { useUserBuffer?: unknown }
  Object.assign(owner, { useUserBuffer: undefined })
  return () => void Object.assign(owner, { useUserBuffer })
}

test('a paused connection calls nothing until it is resumed, and tells of its end', async () => {
  let far!: Connection
  let received = 0
  const first = Promise.withResolvers<void>()
  const all = Promise.withResolvers<void>()
  const over = Promise.withResolvers<void>()
  const listener = await nodeTransport.listen({ host: '127.0.0.1', port: 0 }, (connection) => {
    far = connection
    far.handlers = {
      onData(chunk) {
        expect(paused).toBe(false)
        received += chunk.length
        paused = true
        far.pause()
        first.resolve()
        if (received === BYTES) all.resolve()
      },
      onDrain() {},
      onClose: () => over.resolve(),
    }
  })
  let paused = false
  const near = await nodeTransport.connect(listener.address, 5000)
  near.write([Buffer.alloc(BYTES)])
  await first.promise
  while (received < BYTES) {
    await new Promise((resolve) => setImmediate(resolve))
    paused = false
    far.resume()
  }
  await all.promise
  paused = false
  far.resume()
  near.end()
  await over.promise
  await listener.close()
})

test('what was written is said to be taken, later than in the call', async () => {
  const near = await pair({ onData() {}, onDrain() {}, onClose() {} })
  const taken = Promise.withResolvers<void>()
  let inCall = true
  near.write([Buffer.alloc(10), Buffer.alloc(BYTES)], () => {
    expect(inCall).toBe(false)
    taken.resolve()
  })
  inCall = false
  await taken.promise
})
