/** Records with schemas on the topic's page, decoded by a registry. */
import { createProducer } from '@tidemark/client'
import { createSchemaRegistry } from '@tidemark/offsets'
import type { Browser } from 'playwright-core'
import { startRegistry, withId } from '../../packages/offsets/src/testing/registry.ts'
import { equal, type Report } from '../report.ts'
import { DESKTOP, open } from './browser.ts'
import { accessible } from './pages.ts'
import { Stage } from './stage.ts'

export const decoded = (report: Report, browser: Browser): Promise<void> =>
  report.check('records in Avro and Protobuf are decoded, with their schemas, also live', () => run(browser))

async function run(browser: Browser): Promise<void> {
  await using registry = await startRegistry()
  await using stage = await Stage.start({ registry: createSchemaRegistry({ url: registry.url }) })
  const avro = registry.add({ schema: '{"type":"record","name":"shop.Order","fields":[{"name":"buyer","type":"string"}]}' })
  const proto = registry.add({ schemaType: 'PROTOBUF', schema: 'syntax = "proto3"; package shop; message Paid { string by = 1; }' })
  await stage.admin.topics.create('coded', { partitions: 1 })
  await using producer = createProducer(stage.kafka)
  const text = Buffer.from('ada')
  const order = withId(avro, [6], text)
  await producer.send('coded', [{ value: order }, { value: withId(proto, [0, 0x0a, 3], text) }, { value: withId(99, [0]) }])
  await using watched = await open(browser, DESKTOP)
  const { page } = watched
  await page.goto(`${stage.url}/topics/coded`)
  for (const shown of ['{"buyer":"ada"}', '{"by":"ada"}', `schema ${avro}, AVRO`, `schema ${proto}, PROTOBUF`, 'schema 99: not decoded']) {
    await page.getByText(shown, { exact: true }).first().waitFor()
  }
  await page.getByText('{"by":"ada"}').first().click()
  await page.getByText(`schema ${proto}, PROTOBUF shop.Paid`).waitFor()
  await accessible(page)
  await page.getByRole('button', { name: 'Follow live' }).click()
  await page.getByText('live: 0 so far').waitFor()
  await producer.send('coded', [{ value: order }])
  await page.getByText('{"buyer":"ada"}').first().waitFor()
  equal(watched.faults, [])
}
