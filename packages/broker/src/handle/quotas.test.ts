import { nodePlatform } from '@tidemark/platform'
import { apis, ErrorCode, ZERO_UUID } from '@tidemark/protocol'
import { describe, expect, test } from 'vitest'
import { Throttle } from '../dispatch/throttle.ts'
import { batchOf, ManualClock, type RawClient } from '../testing/index.ts'
import { connect, create, folder, nameOf, notables, setUp } from '../testing/requests.case.ts'

describe('quotas', () => {
  const entity = [{ entityType: 'client-id', entityName: 'raw' }]
  const set = async (
    client: RawClient,
    value: number,
    remove = false,
    of: { entityType: string; entityName: string | null }[] = entity,
    key = 'producer_byte_rate',
  ) => {
    const { entries } = await client.call(apis.AlterClientQuotas, 1, {
      entries: [{ entity: of, ops: [{ key, value, remove }] }],
      validateOnly: false,
    })
    return nameOf(entries[0]!.errorCode)
  }

  test('are kept, found by filter, and refused where Kafka refuses them', async () => {
    const data = folder()
    const { broker, client } = await setUp({ data })
    expect(await set(client, 1000)).toBe('NONE')
    expect(
      await set(client, 2000, false, [
        { entityType: 'client-id', entityName: null },
        { entityType: 'user', entityName: 'u' },
      ]),
    ).toBe('NONE')
    const ofAddress = (entityName: string) => [{ entityType: 'ip', entityName }]
    expect(await set(client, 5, false, ofAddress('10.0.0.1'), 'connection_creation_rate')).toBe('NONE')
    for (const name of ['::1', '::ffff:10.0.0.1', 'localhost']) {
      for (const remove of [false, true]) expect(await set(client, 5, remove, ofAddress(name), 'connection_creation_rate')).toBe('NONE')
    }
    for (const wrong of [
      set(client, 0),
      set(client, 1, false, []),
      set(client, 1, false, entity, 'no.such'),
      set(client, 1.5),
      set(client, 1, false, [{ entityType: 'x', entityName: 'y' }]),
      set(client, 1, false, [{ entityType: 'ip', entityName: 'not an address' }], 'connection_creation_rate'),
    ]) {
      expect(await wrong).toBe('INVALID_REQUEST')
    }
    await broker.close()
    const next = await setUp({ data })
    const found = async (components: { entityType: string; matchType: number; match: string | null }[], strict = false) =>
      (await next.client.call(apis.DescribeClientQuotas, 1, { components, strict })).entries!.map(({ values }) => values[0]!.value)
    expect(await found([])).toEqual([1000, 2000, 5])
    expect(await found([{ entityType: 'client-id', matchType: 0, match: 'raw' }])).toEqual([1000])
    expect(await found([{ entityType: 'client-id', matchType: 1, match: null }])).toEqual([2000])
    expect(await found([{ entityType: 'client-id', matchType: 2, match: null }])).toEqual([1000, 2000])
    expect(await found([{ entityType: 'client-id', matchType: 2, match: null }], true)).toEqual([1000])
    expect(await set(next.client, 0, true)).toBe('NONE')
    expect(await found([])).toEqual([2000, 5])
  })

  test('a producer above its quota is told to wait, and is not read from meanwhile (trap 11, KIP-219)', async () => {
    const clock = new ManualClock()
    const { client } = await setUp({ platform: { ...nodePlatform, clock } })
    await create(client, 't')
    expect(await set(client, 1000, false, [{ entityType: 'client-id', entityName: null }])).toBe('NONE')
    const batch = { values: ['x'.repeat(15_000)], timesMs: [clock.now()] }
    const response = await client.call(apis.Produce, 9, {
      acks: -1,
      timeoutMs: 1000,
      topicData: [{ name: 't', topicId: '0'.repeat(32), partitionData: [{ index: 0, records: batchOf(batch) }] }],
    })
    expect(response.throttleTimeMs).toBeGreaterThan(4_000)
    expect(response.throttleTimeMs).toBeLessThan(6_000)
    let answered = false
    const next = client.call(apis.ApiVersions, 0, {}).then((it) => {
      answered = true
      return it
    })
    clock.advance(response.throttleTimeMs - 1)
    for (let i = 0; i < 20; i++) await new Promise((resolve) => setImmediate(resolve))
    expect(answered).toBe(false)
    clock.advance(1)
    expect((await next).errorCode).toBe(ErrorCode.NONE)
  })

  const ofAll = [{ entityType: 'client-id', entityName: null }]

  test('partitions are made and deleted within the quota: refused from the version on that knows the error (KIP-599)', async () => {
    const clock = new ManualClock()
    const { client } = await setUp({ platform: { ...nodePlatform, clock } })
    expect(await set(client, 1, false, ofAll, 'controller_mutation_rate')).toBe('NONE')
    const make = async (name: string, numPartitions: number, version = 7) => {
      const topic = { name, numPartitions, replicationFactor: 1, assignments: [], configs: [] }
      const { topics, throttleTimeMs } = await client.call(apis.CreateTopics, version, { topics: [topic] })
      // While it is throttled the client is not read from.
      clock.advance(throttleTimeMs)
      return [nameOf(topics[0]!.errorCode), throttleTimeMs]
    }
    // Eleven come together in the window; what begins while there are some is made whole.
    expect(await make('a', 14)).toEqual(['NONE', 3_000])
    expect(await make('b', 2)).toEqual(['NONE', 2_000])
    const both = ['c', 'd'].map((name) => ({ name, numPartitions: 3, replicationFactor: 1, assignments: [], configs: [] }))
    const { topics, throttleTimeMs } = await client.call(apis.CreateTopics, 7, { topics: both })
    expect([topics.map(({ errorCode }) => nameOf(errorCode)), throttleTimeMs]).toEqual([['NONE', 'THROTTLING_QUOTA_EXCEEDED'], 3_000])
    clock.advance(throttleTimeMs)
    // An old client is told to wait, and its topics are made.
    const old = await client.call(apis.CreateTopics, 5, { topics: [both[1]!, { ...both[1]!, name: 'e' }] })
    expect([old.topics.map(({ errorCode }) => nameOf(errorCode)), old.throttleTimeMs]).toEqual([['NONE', 'NONE'], 6_000])
    clock.advance(6_000)
    const deleted = await client.call(apis.DeleteTopics, 6, {
      timeoutMs: 1000,
      topics: ['a', 'b'].map((name) => ({ name, topicId: ZERO_UUID })),
    })
    expect(deleted.responses.map(({ errorCode }) => nameOf(errorCode))).toEqual(['NONE', 'THROTTLING_QUOTA_EXCEEDED'])
    clock.advance(deleted.throttleTimeMs)
    const grown = await client.call(apis.CreatePartitions, 3, {
      timeoutMs: 1000,
      validateOnly: false,
      topics: [{ name: 'b', count: 4, assignments: null }],
    })
    expect(nameOf(grown.results[0]!.errorCode)).toBe('NONE')
  })

  test('the time of requests is a share of a thread, and one request costs at most a second', () => {
    const clock = new ManualClock()
    const quotas = { any: true, find: (key: string) => (key === 'request_percentage' ? { limit: 10, sharedBy: 'c' } : undefined) }
    const throttle = new Throttle({ ...quotas, findOfAddress: () => undefined }, clock)
    const after = (elapsedMs: number) => throttle.count(apis.ApiVersions.key, 0, {}, elapsedMs, { user: 'u', clientId: 'c' })
    expect(after(900)).toBe(0) // ten percent of the ten seconds of the window are 1,000
    expect(after(150)).toBe(500)
    expect(after(5_000)).toBe(1_000)
    clock.advance(20_000)
    expect(after(1)).toBe(0)
  })

  test('an address makes so many connections a second; more wait, unread, and are closed (KIP-612)', async () => {
    const clock = new ManualClock()
    const { broker, client } = await setUp({ platform: { ...nodePlatform, clock } })
    const ofAddress = [{ entityType: 'ip', entityName: null }]
    expect(await set(client, 1, false, ofAddress, 'connection_creation_rate')).toBe('NONE')
    for (let i = 0; i < 10; i++) expect((await (await connect(broker)).call(apis.ApiVersions, 0, {})).errorCode).toBe(ErrorCode.NONE)
    const throttled = await connect(broker)
    const closed = throttled.closed.then(() => 'closed')
    const outcome = Promise.race([throttled.send(apis.ApiVersions, 0, {}), closed])
    // One of the earlier ones is still served.
    expect((await client.call(apis.ApiVersions, 0, {})).errorCode).toBe(ErrorCode.NONE)
    clock.advance(1_000)
    expect(await outcome).toBe('closed')
    clock.advance(20_000)
    expect((await (await connect(broker)).call(apis.ApiVersions, 0, {})).errorCode).toBe(ErrorCode.NONE)
  })

  test('that of a host by its name is that of its address, and one without an address is refused', async () => {
    const clock = new ManualClock()
    const addresses: Record<string, string> = { 'app.example': '127.0.0.1' }
    const lookup = async (host: string): Promise<string | undefined> => addresses[host]
    const platform = { ...nodePlatform, clock, transport: { ...nodePlatform.transport, lookup } }
    const data = folder()
    const { broker, client } = await setUp({ platform, data })
    const of = (entityName: string) => [{ entityType: 'ip', entityName }]
    const key = 'connection_creation_rate'
    expect(await set(client, 1, false, of('nowhere.example'), key)).toBe('INVALID_REQUEST')
    expect(await set(client, 1, false, of('app.example'), key)).toBe('NONE')
    for (let i = 0; i < 10; i++) expect((await (await connect(broker)).call(apis.ApiVersions, 0, {})).errorCode).toBe(ErrorCode.NONE)
    const throttled = await connect(broker)
    const outcome = Promise.race([throttled.send(apis.ApiVersions, 0, {}), throttled.closed.then(() => 'closed')])
    // One of the earlier ones is still served.
    expect((await client.call(apis.ApiVersions, 0, {})).errorCode).toBe(ErrorCode.NONE)
    clock.advance(1_000)
    expect(await outcome).toBe('closed')
    await broker.close()
    // It is looked up again at the next start; where it has no address that is told, and its quota can be removed.
    delete addresses['app.example']
    const told = notables()
    const again = await setUp({ platform, data })
    await expect.poll(() => told).toContainEqual({ kind: 'unresolved', host: 'app.example' })
    expect(await set(again.client, 1, false, of('app.example'), key)).toBe('INVALID_REQUEST')
    expect(await set(again.client, 1, true, of('app.example'), key)).toBe('NONE')
  })
})
