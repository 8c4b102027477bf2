import { buildBatch } from '@tidemark/protocol'
import { describe, expect, test } from 'vitest'
import { text } from '../testing/index.ts'
import { create, edited, offsetAt, produce, setUp } from '../testing/requests.case.ts'

describe('offsets', () => {
  test('trap 29: end, and the first record of a time, within a batch and out of order', async () => {
    const { client } = await setUp()
    await create(client, 't')
    const start = Date.now() - 100_000
    await produce(client, 't', { values: ['a', 'b', 'c'], timesMs: [start + 30, start + 10, start + 20] })
    await produce(client, 't', { values: ['d', 'e', 'f'], timesMs: [start + 5, start + 50, start + 40] })
    expect(await offsetAt(client, 't', -1)).toMatchObject({ offset: 6, timestamp: -1 })
    expect(await offsetAt(client, 't', -2)).toMatchObject({ offset: 0, timestamp: -1, leaderEpoch: 0 })
    expect(await offsetAt(client, 't', -3)).toMatchObject({ offset: 4, timestamp: start + 50 })
    expect(await offsetAt(client, 't', -4)).toMatchObject({ offset: 0 })
    expect(await offsetAt(client, 't', -5)).toMatchObject({ offset: -1, error: 'NONE' })
    expect(await offsetAt(client, 't', start)).toMatchObject({ offset: 0, timestamp: start + 30 })
    expect(await offsetAt(client, 't', start + 31)).toMatchObject({ offset: 4, timestamp: start + 50 })
    expect(await offsetAt(client, 't', start + 51)).toMatchObject({ offset: -1, timestamp: -1 })
    expect((await offsetAt(client, 't', -3, 6)).error).toBe('UNSUPPORTED_VERSION')
  })

  test('trap 29: times inside a compressed batch', async () => {
    const { client } = await setUp()
    await create(client, 't')
    const records = [10, 20, 30].map((timestampMs) => ({ key: null, value: text('v'), timestampMs }))
    await produce(client, 't', buildBatch(records, { compression: 'gzip' }))
    expect(await offsetAt(client, 't', 15)).toMatchObject({ offset: 1, timestamp: 20 })
  })

  test('trap 29: a compressed batch that cannot be opened is passed over', async () => {
    const { client } = await setUp()
    await create(client, 't')
    const broken = edited(buildBatch([{ key: null, value: text('v'), timestampMs: 50 }], { compression: 'gzip' }), (b) => b.fill(0xee, 61))
    expect((await produce(client, 't', broken)).error).toBe('NONE')
    await produce(client, 't', { timesMs: [60] })
    expect(await offsetAt(client, 't', 40)).toMatchObject({ offset: 1, timestamp: 60 })
  })

  test('trap 29: version 0 has an array of offsets', async () => {
    const { client } = await setUp()
    await create(client, 't')
    await produce(client, 't')
    expect((await offsetAt(client, 't', -1, 0)).oldStyleOffsets).toEqual([1, 0])
    expect((await offsetAt(client, 't', -2, 0)).oldStyleOffsets).toEqual([0])
  })

  test('trap 29: on a partition that is empty', async () => {
    const { client } = await setUp()
    await create(client, 't')
    for (const [timestamp, offset] of [
      [-1, 0],
      [-2, 0],
      [-3, -1],
      [5, -1],
    ] as const) {
      expect([timestamp, (await offsetAt(client, 't', timestamp)).offset]).toEqual([timestamp, offset])
    }
  })

  test('every version is served', async () => {
    const { client } = await setUp()
    await create(client, 't')
    for (let version = 0; version <= 11; version++) expect((await offsetAt(client, 't', -1, version)).error).toBe('NONE')
  })
})
