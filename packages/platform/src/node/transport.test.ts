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

test('chunks that were copied lose their memory at once; chunks that are kept stay as they are', async () => {
  for (const use of ['copied', undefined] as const) {
    const chunks: Buffer[] = []
    const received: Buffer[] = []
    const all = Promise.withResolvers<void>()
    const near = await pair({
      onData(chunk) {
        chunks.push(chunk)
        received.push(Buffer.from(chunk))
        if (received.reduce((sum, c) => sum + c.length, 0) === BYTES) all.resolve()
        return use
      },
      onDrain() {},
      onClose() {},
    })
    const sent = Buffer.from(Array.from({ length: BYTES }, (_, i) => i % 251))
    near.write([sent.subarray(0, 1000), sent.subarray(1000)])
    await all.promise
    expect(Buffer.concat(received).equals(sent)).toBe(true)
    const whole = chunks.slice(0, -1)
    if (use === undefined) expect(Buffer.concat(chunks).equals(sent)).toBe(true)
    else expect(whole.filter((chunk) => chunk.length > 0 && chunk.buffer.byteLength >= 64 * 1024)).toEqual([])
  }
})

test('what was written is said to be taken, later than in the call', async () => {
  const near = await pair({ onData: () => 'copied', onDrain() {}, onClose() {} })
  const taken = Promise.withResolvers<void>()
  let inCall = true
  near.write([Buffer.alloc(10), Buffer.alloc(BYTES)], () => {
    expect(inCall).toBe(false)
    taken.resolve()
  })
  inCall = false
  await taken.promise
})
