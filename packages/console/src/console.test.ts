import { createAdmin, createProducer } from '@tidemark/client'
import { createSchemaRegistry } from '@tidemark/offsets'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startRegistry, withId } from '../../offsets/src/testing/registry.ts'
import { startConsole } from './index.ts'
import { ownPage, type World, world } from './testing/world.ts'

describe('the console', () => {
  let w: World
  beforeAll(async () => {
    w = await world()
    await w.fill('orders', 20, 2)
    await createAdmin(w.kafka).groups.setOffsets('billing', [{ topic: 'orders', partition: 0, offset: 5 }])
  })
  afterAll(() => w[Symbol.asyncDispose]())
  const json = async (path: string) => (await w.send(path)).json()

  test('lists groups with what is open', async () => {
    expect(await json('/api/groups')).toMatchObject([
      { group: 'billing', state: 'Empty', members: 0, lag: 15, open: 15, topics: ['orders'] },
    ])
  })

  test('shows a group partition by partition, and says which one does not exist', async () => {
    expect((await json('/api/groups/billing')).partitions).toMatchObject([
      { topic: 'orders', partition: 0, committed: 5, start: 0, end: 20 },
    ])
    const absent = await w.send('/api/groups/none')
    expect([absent.status, absent.json().code]).toEqual([404, 'UNKNOWN_GROUP'])
  })

  test('lists and describes topics', async () => {
    expect((await json('/api/topics')).map((t: { topic: string }) => t.topic)).toContain('orders')
    const topic = await json('/api/topics/orders')
    expect(topic.partitions).toMatchObject([
      { partition: 0, start: 0, end: 20 },
      { partition: 1, start: 0, end: 0 },
    ])
    expect(topic.configs.find((c: { name: string }) => c.name === 'cleanup.policy').value).toBe('delete')
    expect((await w.send('/api/topics/none')).status).toBe(404)
  })

  test('shows a topic without its configuration where this client may not see that', async () => {
    const [allow, deny] = (['allow', 'deny'] as const).map(
      (permission) => ({ permission, principal: 'User:*', resource: 'topic', name: '*' }) as const,
    )
    const acls = [
      { ...allow!, operation: 'all' },
      { ...deny!, operation: 'describeConfigs' },
    ] as const
    await using restricted = await world({}, { authorizer: { superUsers: [], acls } })
    await restricted.fill('orders', 3)
    expect((await restricted.send('/api/topics/orders')).json()).toMatchObject({ partitions: [{ end: 3 }], configs: null })
  })

  test('pages through records: the last, from an offset, from a time, by a filter', async () => {
    const of = async (query: string) => {
      const page = await json(`/api/topics/orders/records?${query}`)
      return { offsets: page.records.map((r: { offset: number }) => r.offset), next: page.next, examined: page.examined }
    }
    expect(await of('from=offset:3&limit=2&partition=0')).toEqual({ offsets: [3, 4], next: { 0: 5 }, examined: 2 })
    expect(await of('from=next:0=18&limit=5')).toEqual({ offsets: [18, 19], next: null, examined: 2 })
    expect(await of('from=end&limit=4&partition=0')).toMatchObject({ offsets: [16, 17, 18, 19], next: null })
    expect(await of('from=start&filter=VALUE%2013')).toEqual({ offsets: [13], next: null, examined: 20 })
    expect(await of('from=time:0&limit=1')).toMatchObject({ offsets: [0] })
    expect(await of(`from=time:${4_000_000_000_000}`)).toEqual({ offsets: [], next: null, examined: 0 })
  })

  test('decodes records by a schema registry: in pages, around an offset, live, and for the filter', async () => {
    await using server = await startRegistry()
    await using coded = await world({ registry: createSchemaRegistry({ url: server.url }) })
    const id = server.add({ schema: '{"type":"record","name":"n.R","fields":[{"name":"a","type":"string"}]}' })
    await createAdmin(coded.kafka).topics.create('coded', { partitions: 1 })
    await using producer = createProducer(coded.kafka)
    await producer.send('coded', [{ key: 'k', value: withId(id, [4, 0x68, 0x69]) }, { value: withId(77, [2]) }, { value: 'plain' }])
    await createAdmin(coded.kafka).groups.setOffsets('readers', [{ topic: 'coded', partition: 0, offset: 0 }])
    const get = async (path: string) => (await coded.send(path)).json()
    const shown = { text: '{"a":"hi"}', encoding: 'json', bytes: 8, schema: { id, type: 'AVRO', name: 'n.R' } }
    const { records } = await get('/api/topics/coded/records?from=start')
    expect(records.map(({ value }: any) => value)).toEqual([
      shown,
      {
        text: '\0\0\0\0M\x02',
        encoding: 'text',
        bytes: 6,
        schema: { id: 77, problem: expect.stringMatching(/schema 77 cannot be read: .* 404/) },
      },
      { text: 'plain', encoding: 'text', bytes: 5 },
    ])
    expect((await get('/api/groups/readers/peek?topic=coded&partition=0'))[0]).toMatchObject({ place: 'at', value: shown })
    expect((await get('/api/topics/coded/records?from=start&filter=%22A%22:%22H')).records).toHaveLength(1)
    await expect(startConsole(coded.kafka, { registry: {} as never })).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' })
  })

  test('a page of long records ends early, and goes on at the next one', async () => {
    await createAdmin(w.kafka).topics.create('long', { partitions: 1 })
    await using producer = createProducer(w.kafka)
    const long = 'é'.repeat(20_000)
    await Promise.all(Array.from({ length: 300 }, (_, i) => producer.send('long', { key: long, value: `${i} ${long}` })))
    const first = await json('/api/topics/long/records?from=start&limit=500')
    expect([first.records.length, first.next]).toEqual([256, { 0: 256 }])
    expect(first.records[7]).toMatchObject({ offset: 7, value: { text: `7 ${long}`.slice(0, 16_384), encoding: 'text', bytes: 40_002 } })
    const second = await json('/api/topics/long/records?from=next:0=256&limit=500')
    expect([second.records.length, second.next]).toEqual([44, null])
    expect((await json('/api/topics/long/records?from=start&limit=500&filter=nothing')).next).toBeNull()
  })

  test('refuses questions that its schemas do not allow', async () => {
    for (const query of ['from=nowhere', 'limit=0', 'limit=501', 'partition=x', 'unknown=1', 'from=offset:-1', 'filter=']) {
      expect([query, (await w.send(`/api/topics/orders/records?${query}`)).status]).toEqual([query, 400])
    }
  })

  test('describes the cluster, each part as far as it is told', async () => {
    expect(await json('/api/cluster')).toMatchObject({
      clusterId: expect.any(String),
      nodes: [{ id: expect.any(Number), host: '127.0.0.1' }],
    })
  })

  test('serves its page at every path of a page, and nothing else', async () => {
    const page = await w.send('/groups/some%2Fgroup')
    expect([page.status, page.headers['content-type'], page.headers['cache-control']]).toEqual([
      200,
      'text/html; charset=utf-8',
      'no-cache',
    ])
    const script = /src="(\/assets\/[^"]+\.js)"/.exec(page.text)![1]!
    const file = await w.send(script, { headers: { 'accept-encoding': 'gzip' } })
    expect([file.status, file.headers['content-encoding']]).toEqual([200, 'gzip'])
    expect(file.headers['cache-control']).toContain('immutable')
    expect((await w.send(script, { headers: { 'if-none-match': String(file.headers.etag) } })).status).toBe(304)
    for (const path of ['/nothing', '/api/nothing', '/groupsx']) expect((await w.send(path)).status).toBe(404)
  })
})

test('refuses options that it does not have, and values that they may not have', async () => {
  await using w = await world()
  for (const options of [
    { port: 1 },
    { token: 'short' },
    { listen: { host: '0.0.0.0', port: 0 } },
    { listen: { host: '127.0.0.1', port: 70_000 } },
    { intervalMs: 0 },
    { hosts: 'a' },
    { readOnly: 1 },
  ]) {
    await expect(startConsole(w.kafka, options as never)).rejects.toMatchObject({ code: 'INVALID_OPTION' })
  }
  await expect(startConsole({} as never)).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' })
})

test('says that its port is taken', async () => {
  await using w = await world()
  const listen = { host: '127.0.0.1', port: w.console.port }
  await expect(startConsole(w.kafka, { listen })).rejects.toMatchObject({ code: 'ADDRESS_IN_USE' })
})

test('closes twice, and while a page is live', async () => {
  await using w = await world()
  const live = w.send('/api/live', { headers: ownPage(w.console.port) })
  await Promise.all([w.console.close(), w.console.close()])
  await live.catch((error: NodeJS.ErrnoException) => expect(error.code).toBe('ECONNRESET'))
  await expect(w.send('/api/info')).rejects.toMatchObject({ code: 'ECONNREFUSED' })
})
