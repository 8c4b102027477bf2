/**
 * A consumer whose user lacks a right: the run ends with Kafka's code for it, and does not wait for what no retry
 * brings.
 */
import { startBroker, type WrittenAcl } from '@tidemark/broker'
import { createKafka, createProducer } from '@tidemark/client'
import { expect, onTestFinished, test } from 'vitest'
import { createConsumer } from './consumer.ts'

const GROUP = { principal: 'User:ANONYMOUS', operation: 'all', resource: 'group', name: 'g' }

/** The code that the run ended with; everything that is not named is forbidden. */
async function runWith(...acls: WrittenAcl[]): Promise<string> {
  const broker = await startBroker({
    data: ':memory:',
    listeners: [{ protocol: 'plaintext' }, { name: 'ADMIN', protocol: 'sasl_plaintext', sasl: ['plain'] }],
    users: { admin: 'secret' },
    authorizer: { superUsers: ['User:admin'], acls },
  })
  const admin = createKafka({ brokers: [broker.listeners.ADMIN!], sasl: { mechanism: 'plain', username: 'admin', password: 'secret' } })
  const kafka = createKafka({ brokers: broker.brokers })
  onTestFinished(async () => {
    await admin.close()
    await kafka.close()
    await broker.close()
  })
  await using producer = createProducer(admin)
  await producer.send('t', { value: Buffer.from('x') })
  const consumer = createConsumer(kafka, { group: 'g' }).each('t', {}, () => {})
  return await consumer.run({ signal: AbortSignal.timeout(20_000) }).then(
    () => 'nothing',
    (error) => error.code,
  )
}

test('a topic that the user may not describe', async () => {
  expect(await runWith(GROUP)).toBe('TOPIC_AUTHORIZATION_FAILED')
})

test('a topic that the user may describe, and not read', async () => {
  const describe = { principal: 'User:ANONYMOUS', operation: 'describe', resource: 'topic', name: 't' }
  expect(await runWith(GROUP, describe)).toBe('TOPIC_AUTHORIZATION_FAILED')
})

test('a group that the user may not read', async () => {
  const read = { principal: 'User:ANONYMOUS', operation: 'read', resource: 'topic', name: 't' }
  expect(await runWith(read)).toBe('GROUP_AUTHORIZATION_FAILED')
})
