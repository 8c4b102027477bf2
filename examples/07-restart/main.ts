/** A consumer fails: it is started again by itself, and by hand. Either way progress begins at the committed offset. */
import assert from 'node:assert/strict'
import { createAdmin, createProducer } from '@tidemark/client'
import { type Consumer, createConsumer, supervise, TidemarkError } from '@tidemark/consumer'
import { startCluster } from '../cluster.ts'

await using cluster = await startCluster()
const { kafka } = cluster
await createAdmin(kafka).topics.create('restart.orders', { partitions: 1 })
await using producer = createProducer(kafka)
await producer.send(
  'restart.orders',
  Array.from({ length: 10 }, (_, i) => ({ value: `order ${i}` })),
)

// A database that is away for a while: order 4 fails twice, order 7 once.
const failuresLeft = new Map([
  [4, 2],
  [7, 1],
])
const bills: number[] = []
const allBilled = Promise.withResolvers<void>()

function makeConsumer(group: string): Consumer {
  return createConsumer(kafka, { group }).each('restart.orders', { retry: { attempts: 1 } }, async ({ offset }) => {
    const left = failuresLeft.get(offset) ?? 0
    failuresLeft.set(offset, left - 1)
    if (left > 0) throw new Error('the database is away')
    bills.push(offset)
    if (offset === 9) allBilled.resolve()
  })
}

// By itself.
let starts = 0
const service = supervise(
  () => {
    starts++
    return makeConsumer('restart.by-itself') // the lesson: each start is a new consumer of the same group
  },
  {
    delayMs: 50, // the pause grows with each failure
    failuresMax: 5, // so many within ten minutes are the end of it
    logger: { debug() {}, info() {}, warn() {}, error() {} },
  },
)
await Promise.race([allBilled.promise, service.done])
await service.stop()
await service.done
console.log(`by itself: ${bills.join(' ')}, after ${starts} starts`)
assert.deepEqual(bills, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
assert.equal(starts, 4)

// By hand: another consumer of the same group goes on where the failed one stopped.
failuresLeft.set(4, 1)
bills.length = 0
await assert.rejects(makeConsumer('restart.by-hand').run(), (error) => error instanceof TidemarkError && error.code === 'HANDLER_FAILED')
console.log(`by hand:   ${bills.join(' ')}, then HANDLER_FAILED`)
const next = makeConsumer('restart.by-hand') // the lesson: restarting is making it again, under the same group
const stop = new AbortController()
const run = next.run({ signal: stop.signal })
while (bills.at(-1) !== 9) await new Promise((resolve) => setImmediate(resolve))
stop.abort()
await run
console.log(`again:     ${bills.slice(4).join(' ')}`)
assert.deepEqual(bills, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
