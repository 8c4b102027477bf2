/** The wire as any client meets it: handshake, frames, order, limits. Traps 1 to 12. */
import { type Address, parseAddress } from '@tidemark/platform'
import { apis, ErrorCode, encodeRequest } from '@tidemark/protocol'
import { describe, expect, onTestFinished, test } from 'vitest'
import { startBroker, startResolved } from '../broker.ts'
import { resolveOptions } from '../resolve-options.ts'
import { batchOf, RawClient } from '../testing/index.ts'
import {
  baseOffsets,
  connect,
  create,
  fetch,
  fetchRequest,
  metadataOf,
  notables,
  offsetAt,
  produce,
  produceRequest,
  rawFrame,
  setUp,
} from '../testing/requests.case.ts'

describe('handshake and framing', () => {
  const software = { clientSoftwareName: 'raw', clientSoftwareVersion: '1.0' }

  test('trap 1: the header of an ApiVersions answer has no tags, in any version', async () => {
    const { client } = await setUp()
    for (const version of [0, 1, 2, 3, 4]) {
      const frame = await client.send(apis.ApiVersions, version, software)
      // Behind the correlation id comes the error code at once.
      expect(frame.readInt16BE(4)).toBe(0)
    }
  })

  test('trap 2: ApiVersions in an unknown version is answered in version 0, with its own range', async () => {
    const { client } = await setUp()
    client.raw(rawFrame(18, 9, 1, 2, 3))
    await expect.poll(() => client.frames.length).toBe(1)
    const frame = client.frames[0]!
    expect([frame.readInt32BE(0), frame.readInt16BE(4), frame.readInt32BE(6)]).toEqual([99, 35, 1])
    expect([frame.readInt16BE(10), frame.readInt16BE(12), frame.readInt16BE(14), frame.length]).toEqual([18, 0, 4, 16])
    expect((await client.call(apis.ApiVersions, 3, software)).errorCode).toBe(0)
  })

  test('trap 3, 5: what is advertised is served, from the versions that old clients look for; no feature with lowest version 0', async () => {
    const { client } = await setUp()
    const { apiKeys, supportedFeatures } = await client.call(apis.ApiVersions, 3, software)
    const ranges = Object.fromEntries(apiKeys.map((a) => [a.apiKey, [a.minVersion, a.maxVersion]]))
    expect(ranges).toMatchObject({
      0: [0, 13],
      1: [4, 18],
      2: [0, 11],
      3: [0, 13],
      18: [0, 4],
      19: [0, 7],
      20: [0, 6],
      22: [0, 5],
      23: [0, 4],
      10: [0, 6],
      11: [0, 9],
    })
    expect(supportedFeatures.filter(({ minVersion }) => minVersion === 0)).toEqual([])
  })

  test('trap 4: the name of a client’s software is checked from version 3 on', async () => {
    const { client } = await setUp()
    for (const clientSoftwareName of ['', '-x', 'x-', 'a b']) {
      expect((await client.call(apis.ApiVersions, 3, { ...software, clientSoftwareName })).errorCode).toBe(ErrorCode.INVALID_REQUEST)
    }
    expect((await client.call(apis.ApiVersions, 2, { clientSoftwareName: '' })).errorCode).toBe(0)
  })

  test('trap 7: an unknown API, an unserved version, damage and a frame too large close the connection, and nothing else', async () => {
    const { broker, client } = await setUp({ frameBytesMax: 10_000 })
    const seen = notables()
    const large = Buffer.alloc(4)
    large.writeInt32BE(10_001)
    const damaged = [
      rawFrame(999, 0),
      rawFrame(-1, 0),
      rawFrame(3, 99),
      rawFrame(0, 2),
      rawFrame(3, 12, 0xff, 0xff, 0xff),
      rawFrame(1, 12, 0, 3, 1, 2, 3, 0, 0x7f, 0xff, 0xff, 0xff),
      large,
      Buffer.from('GET / HTTP/1.1\r\n\r\n'),
      Buffer.from([0, 0, 0, 0]),
      Buffer.from([0, 0, 0, 3, 1, 2, 3]),
    ]
    for (const bytes of damaged) {
      const bad = await connect(broker)
      bad.raw(bytes)
      await bad.closed
      expect(bad.frames).toEqual([])
    }
    expect(seen.filter((n) => n.kind === 'refused')).toHaveLength(damaged.length)
    expect((await metadataOf(client, null)).brokers).toHaveLength(1)
  })

  test('trap 7: the end of a request is damaged at each byte, and the broker lives', async () => {
    const { broker } = await setUp()
    const frame = Buffer.concat(encodeRequest(apis.Produce, 9, 1, 'raw', produceRequest('nowhere', batchOf())))
    for (let at = 4; at < frame.length; at += 3) {
      const bad = await RawClient.connect(broker)
      const changed = Buffer.from(frame)
      changed[at]! ^= 0xff
      bad.raw(changed)
      bad.end()
    }
    expect((await metadataOf(await connect(broker), null)).brokers).toHaveLength(1)
  })

  test('trap 8: unknown tags are skipped, in the header and in the body', async () => {
    const { client } = await setUp()
    const name = [0, 3, 114, 97, 119]
    const tags = [1, 0x20, 2, 7, 7]
    client.raw(rawFrame(3, 12, ...name, ...tags, 1, 0, 0, ...tags))
    await expect.poll(() => client.frames.length).toBe(1)
  })

  test('trap 9: answers come in the order of the requests, a parked Fetch holds back what comes after it', async () => {
    const { client } = await setUp()
    await create(client, 't')
    client.order.length = 0
    const parked = client.call(apis.Fetch, 12, fetchRequest('t', 0, { maxWaitMs: 30 }))
    const first = client.call(apis.Metadata, 12, { topics: [] })
    const second = client.call(apis.Produce, 9, produceRequest('t', batchOf()))
    await Promise.all([parked, first, second])
    expect(client.order).toEqual([...client.order].sort((a, b) => a - b))
    expect(baseOffsets((await parked).responses[0]!.partitions[0]!.records)).toEqual([])
  })

  test('trap 9: acks=0 is not answered; on an error the connection is closed', async () => {
    const { client } = await setUp()
    await create(client, 't')
    void client.send(apis.Produce, 9, produceRequest('t', batchOf(), { acks: 0 }))
    const { offset } = await offsetAt(client, 't', -1)
    expect([offset, client.order.length]).toEqual([1, 2])
    void client.send(apis.Produce, 9, produceRequest('nowhere', batchOf(), { acks: 0 }))
    await client.closed
  })

  test('trap 10: null is all topics and empty is none; in version 0 empty is all', async () => {
    const { client } = await setUp()
    await create(client, 'a')
    await create(client, 'b')
    const names = async (topics: string[] | null, version: number): Promise<(string | null)[]> =>
      (await metadataOf(client, topics, version)).topics.map((t) => t.name)
    expect(await names(null, 12)).toEqual(['a', 'b'])
    expect(await names(null, 1)).toEqual(['a', 'b'])
    expect(await names([], 12)).toEqual([])
    expect(await names([], 0)).toEqual(['a', 'b'])
  })

  test('trap 10: records of a Fetch are empty, never null', async () => {
    const { client } = await setUp()
    await create(client, 't')
    for (const version of [4, 11, 12]) expect((await fetch(client, 't', 0, { version })).records).toEqual(Buffer.alloc(0))
    expect((await fetch(client, 'nowhere', 0)).records).toEqual(Buffer.alloc(0))
  })

  test('trap 12: the address is the one that was bound, or the one that is advertised', async () => {
    const { broker, client } = await setUp()
    expect((await metadataOf(client, [])).brokers).toEqual([expect.objectContaining({ nodeId: 1, host: '127.0.0.1', port: broker.port })])
    const other = await setUp({ listen: { host: '0.0.0.0' }, advertise: { port: 4711 }, nodeId: 7 })
    expect(other.broker.brokers).toEqual(['127.0.0.1:4711'])
    expect((await metadataOf(other.client, [])).brokers).toEqual([expect.objectContaining({ nodeId: 7, host: '127.0.0.1', port: 4711 })])
  })

  test('several listeners: each tells its clients its own address', async () => {
    const options = resolveOptions({ data: ':memory:', nodeId: 3 })
    const broker = await startResolved({
      ...options,
      listeners: [
        { name: 'INSIDE', protocol: 'plaintext', tls: undefined, mechanisms: [], listen: { host: '127.0.0.1', port: 0 }, advertise: {} },
        {
          name: 'OUTSIDE',
          protocol: 'plaintext',
          tls: undefined,
          mechanisms: [],
          listen: { host: '127.0.0.1', port: 0 },
          advertise: { host: 'kafka.example' },
        },
      ],
    })
    onTestFinished(() => broker.close())
    expect(broker.brokers).toEqual([Object.values(broker.listeners)[0]])
    const [inside, outside] = Object.values(broker.listeners).map((text) => parseAddress(text)!) as [Address, Address]
    expect([inside.host, outside.host]).toEqual(['127.0.0.1', 'kafka.example'])
    for (const { host, port } of [inside, outside]) {
      const client = await RawClient.connect({ host: '127.0.0.1', port })
      onTestFinished(() => client.end())
      expect((await metadataOf(client, [])).brokers).toMatchObject([{ nodeId: 3, host, port }])
      const found = await client.call(apis.FindCoordinator, 4, { coordinatorKeys: ['g'] })
      expect(found.coordinators).toMatchObject([{ nodeId: 3, host, port }])
    }
  })

  test('where one of several listeners cannot listen, none is left', async () => {
    const taken = await setUp()
    const options = resolveOptions({ data: ':memory:' })
    const free = await setUp()
    await free.broker.close()
    const listeners = [free.broker.port, taken.broker.port].map((port, i) => ({
      name: `L${i}`,
      protocol: 'plaintext' as const,
      tls: undefined,
      mechanisms: [],
      listen: { host: '127.0.0.1', port },
      advertise: {},
    }))
    await expect(startResolved({ ...options, listeners })).rejects.toMatchObject({ code: 'ADDRESS_IN_USE' })
    await (await startBroker({ data: ':memory:', listen: { port: free.broker.port } })).close()
  })

  test('a client that does not read is held back: the broker keeps no more than its limit for it', async () => {
    const { broker, client } = await setUp({ outputBufferBytesMax: 100_000 })
    await create(client, 't')
    await produce(client, 't', { values: ['x'.repeat(900_000)] })
    const lazy = await connect(broker)
    lazy.pause()
    const before = process.memoryUsage().arrayBuffers
    const asked = Array.from({ length: 200 }, () => lazy.call(apis.Fetch, 12, fetchRequest('t', 0)))
    // Others are served meanwhile.
    for (let i = 0; i < 20; i++) await produce(client, 't')
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(100e6)
    lazy.resume()
    const answers = await Promise.all(asked)
    expect(answers.every((a) => a.responses[0]!.partitions[0]!.records!.length > 900_000)).toBe(true)
  })

  test('connections beyond the limit are closed', async () => {
    const { broker, client } = await setUp({ connectionsMax: 2 })
    const second = await connect(broker)
    await metadataOf(second, [])
    await (await connect(broker)).closed
    expect((await metadataOf(client, [])).brokers).toHaveLength(1)
  })
})
