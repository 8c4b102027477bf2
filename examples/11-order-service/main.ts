/** Drives the order service as its users and its operators do: service.ts in a process of its own. */
import assert from 'node:assert/strict'
import { fork } from 'node:child_process'
import { once } from 'node:events'
import path from 'node:path'
import { createInterface } from 'node:readline'
import { createAdmin, read } from '@tidemark/client'
import { startCluster } from '../cluster.ts'
import { startDatabase } from '../database.ts'

await using cluster = await startCluster()
const admin = createAdmin(cluster.kafka)
await admin.topics.create('shop.orders', { partitions: 3 })
await admin.topics.create('shop.orders.dead', { partitions: 1 })
await using database = await startDatabase()

const service = fork(path.join(import.meta.dirname, 'service.ts'), {
  env: { ...process.env, KAFKA_BROKERS: cluster.brokers.join(','), DATABASE_URL: database.url, PORT: '0' },
  stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
})
const [url] = await once(createInterface(service.stdout!), 'line')

async function order(id: string, item: string, quantity: number): Promise<number> {
  const body = JSON.stringify({ id, item, quantity })
  const response = await fetch(`${url}/orders`, { method: 'POST', headers: { 'content-type': 'application/json' }, body })
  return response.status
}

const statuses = [
  await order('o-1', 'apples', 3),
  await order('o-2', 'moon', 1), // cannot be billed
  await order('o-3', 'pears', 2),
  await order('o-4', 'plums', 0), // does not match the schema
]
console.log(`answers: ${statuses.join(' ')}`)

// Until two are billed and one is set aside.
const isSetAside = async () => (await admin.topics.offsets('shop.orders.dead', 'latest'))[0]!.offset === 1
const billed = async () => (await database.pool.query('SELECT order_id, item, quantity FROM bill ORDER BY order_id')).rows
for (let i = 0; i < 200 && !((await isSetAside()) && (await billed()).length === 2); i++) await new Promise((r) => setTimeout(r, 100))
const bills = (await billed()).map((bill) => Object.values(bill).join(' '))
console.log(`billed: ${bills.join(', ')}`)
const dead: string[] = []
for await (const letter of read(cluster.kafka, 'shop.orders.dead', { to: 'end' })) {
  dead.push(`${letter.key}: ${letter.header('tidemark-error-message')}`)
}
console.log(`set aside: ${dead.join(', ')}`)

const health = await (await fetch(`${url}/health/ready`)).json()
const metrics = await (await fetch(`${url}/metrics`)).text()
console.log(`health: ${JSON.stringify(health)}, metrics: ${metrics.includes('group="order-service"')}`)

service.kill('SIGTERM')
const [code] = await once(service, 'exit')
console.log(`ended with ${code}`)

assert.deepEqual(statuses, [202, 202, 202, 400])
assert.deepEqual(bills, ['o-1 apples 3', 'o-3 pears 2'])
assert.deepEqual(dead, ['o-2: we do not sell the moon'])
assert.deepEqual(health, { status: 'working' })
assert.equal(code, 0)
