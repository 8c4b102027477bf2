/**
 * An order service: takes orders over HTTP, bills each of them exactly once in PostgreSQL, sets aside what it cannot
 * bill, is started again when it fails, can be probed and measured, and ends in order on SIGTERM.
 *
 *   KAFKA_BROKERS=127.0.0.1:9092 DATABASE_URL=postgres://… PORT=8080 node service.ts
 */
import { createKafka, createProducer, json, TidemarkError, text, topic } from '@tidemark/client'
import { createConsumer, deadLetter, prometheus, supervise } from '@tidemark/consumer'
import { exactlyOnce } from '@tidemark/consumer/postgres'
import Fastify from 'fastify'
import pg from 'pg'
import { z } from 'zod'

const Order = z.object({ id: z.string().min(1), item: z.string().min(1), quantity: z.int().positive() })
type Order = z.infer<typeof Order>

/**
 * Written and read as JSON that matches the schema; the id of the order is the key, so that what concerns it stays in
 * order.
 */
export const orders = topic('shop.orders', { key: text(), value: json(Order) })

export interface Settings {
  readonly brokers: readonly string[]
  readonly databaseUrl: string
  readonly port: number
}

export async function startService({ brokers, databaseUrl, port }: Settings) {
  const kafka = createKafka({ brokers, clientId: 'order-service' })
  const producer = createProducer(kafka)
  const pool = new pg.Pool({ connectionString: databaseUrl, max: 5 })
  await pool.query('CREATE TABLE IF NOT EXISTS bill (order_id text PRIMARY KEY, item text NOT NULL, quantity int NOT NULL)')
  const store = exactlyOnce(pool)

  const billing = supervise(
    () =>
      createConsumer(kafka, { group: 'order-service' }).each(
        orders,
        {
          order: 'key',
          concurrency: 32,
          store, // the lesson: the bill and the offset are one transaction
          retry: { attempts: 3, delayMs: 50 },
          exhausted: deadLetter('shop.orders.dead'), // the lesson: an order that cannot be billed does not stop the others
        },
        async ({ value: { id, item, quantity } }, { tx }) => {
          if (item === 'moon') throw new Error('we do not sell the moon')
          await tx.query('INSERT INTO bill VALUES ($1, $2, $3)', [id, item, quantity])
        },
      ),
    { delayMs: 1_000, failuresMax: 10 },
  )

  const app = Fastify()

  app.post('/orders', async (request, reply) => {
    const order = request.body as Order
    try {
      await producer.send(orders, { key: order?.id ?? null, value: order })
    } catch (error) {
      if (error instanceof TidemarkError && error.code === 'INVALID_MESSAGE') return reply.code(400).send({ error: error.message })
      throw error
    }
    return reply.code(202).send({ accepted: order.id })
  })

  app.get('/health/live', async (_, reply) => reply.code(billing.health().isLive ? 200 : 503).send({ status: billing.health().status }))
  app.get('/health/ready', async (_, reply) => reply.code(billing.health().isReady ? 200 : 503).send({ status: billing.health().status }))
  app.get('/metrics', async (_, reply) => {
    const { consumer } = billing
    return reply.type('text/plain; version=0.0.4').send(consumer === undefined ? '' : await prometheus(consumer))
  })

  await app.listen({ host: '127.0.0.1', port })

  return {
    url: app.listeningOrigin,
    /** Settles at the end; rejects if the billing fails for good. */
    done: billing.done,
    /** No new orders; then what is being billed is finished and committed; then the connections go. */
    async stop(): Promise<void> {
      await app.close()
      await billing.stop()
      await producer.close()
      await kafka.close()
      await pool.end()
    },
  }
}

if (import.meta.main) {
  const { KAFKA_BROKERS, DATABASE_URL, PORT } = process.env
  if (KAFKA_BROKERS === undefined || DATABASE_URL === undefined) throw new Error('set KAFKA_BROKERS and DATABASE_URL')
  const service = await startService({ brokers: KAFKA_BROKERS.split(','), databaseUrl: DATABASE_URL, port: Number(PORT ?? 8080) })
  console.log(service.url)
  process.once('SIGTERM', () => void service.stop())
  await service.done
}
