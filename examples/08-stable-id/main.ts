/**
 * The same message twice, where the effect is somebody else's: a stable id. `idempotent` remembers what was done, and
 * the id goes along as `Idempotency-Key`, so that the service can tell a repetition from a second order.
 */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createAdmin, createProducer } from '@tidemark/client'
import { createConsumer, idempotent, idempotentFetch, memoryIds } from '@tidemark/consumer'
import { startCluster } from '../cluster.ts'

// A payment service, as many are: it charges once for each key.
const charged = new Map<string, number>()
let requests = 0
const service = createServer((request, response) => {
  requests++
  const key = String(request.headers['idempotency-key'] ?? requests)
  const isNew = !charged.has(key)
  charged.set(key, 100)
  // The answer to the first request is lost: the caller cannot know that it was charged.
  if (requests === 1) return request.socket.destroy()
  response.end(isNew ? 'charged' : 'charged before')
})
await once(service.listen(0, '127.0.0.1'), 'listening')
const url = `http://127.0.0.1:${(service.address() as AddressInfo).port}/charges`

await using cluster = await startCluster()
const { kafka } = cluster
await createAdmin(kafka).topics.create('id.orders', { partitions: 1 })
await using producer = createProducer(kafka)
await producer.send('id.orders', [{ value: 'order 1' }, { value: 'order 2' }])

const ids = memoryIds() // in production redisIds(redis), postgresIds(pool), …
const states: string[] = []

async function handleFrom(offset: number): Promise<void> {
  const stop = new AbortController()
  await using consumer = createConsumer(kafka, { group: 'id.billing', startAt: () => offset })
  consumer.each(
    'id.orders',
    { retry: { attempts: 3, delayMs: 10 } },
    idempotent(
      ids, // the lesson: a record that was done is done, however often it is delivered
      async (_message, context) => {
        const response = await idempotentFetch(context)(url, { method: 'POST' }) // the lesson: the id of the record is the key
        assert.ok(response.ok)
      },
      { onState: (state) => states.push(state) },
    ),
  )
  const committed = (async () => {
    for await (const event of consumer.events) if (event.kind === 'committed' && event.offset === 2) stop.abort()
  })()
  await Promise.all([consumer.run({ signal: stop.signal }), committed])
}

await handleFrom(0)
console.log(`requests: ${requests}, charges: ${charged.size}, found: ${states.join(', ')}`)
await handleFrom(0) // everything is delivered once more
console.log(`requests: ${requests}, charges: ${charged.size}, found: ${states.join(', ')}`)
service.close()
assert.equal(requests, 3)
assert.equal(charged.size, 2)
assert.deepEqual(states, ['new', 'new', 'new', 'done', 'done'])
