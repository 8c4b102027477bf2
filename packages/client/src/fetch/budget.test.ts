import { buildBatch } from '@tidemark/protocol'
import { describe, expect, it } from 'vitest'
import { handleOf } from '../kafka.ts'
import type { FetchedMessage } from '../messages/message.ts'
import type { FakeCluster } from '../testing/cluster.case.ts'
import { batch, start, T0, T1 } from './fetcher.case.ts'
import { Fetcher } from './fetcher.ts'
import type { Delivery, NextPosition } from './types.ts'

describe('the buffer budget', () => {
  it('a partition whose records are not released is read no further than two answers ahead, and the others go on', async () => {
    const { world, cluster, fetcher, got, hold } = start(1, { partitionBytesMax: 1000 })
    cluster.create('t', 2)
    hold()
    for (let i = 0; i < 20; i++) cluster.append('t', 0, batch('x'.repeat(900)))
    fetcher.add(T0, { offset: 0 }, 'a')
    fetcher.add(T1, { offset: 0 }, 'b')
    await world.run(3_000)
    const ahead = got.filter((g) => g.claim === 'a').length
    expect(ahead).toBeGreaterThanOrEqual(2)
    expect(ahead).toBeLessThanOrEqual(3)
    cluster.append('t', 1, batch('other'))
    await world.run(10)
    expect(got.at(-1)).toMatchObject({ claim: 'b', values: ['other'] })
    got[0]!.delivery.release()
    got[0]!.delivery.release() // twice counts once
    got[1]!.delivery.release()
    const releasedMs = world.monotonic()
    await world.run(500)
    const next = got.filter((g) => g.claim === 'a')[ahead]
    expect(next!.atMs - releasedMs).toBeLessThan(50) // though the other's Fetch is parked for longer
  })

  it('all partitions together stay within bufferBytesMax', async () => {
    const { world, cluster, fetcher, hold } = start(1, { bufferBytesMax: 200_000, partitionBytesMax: 50_000 })
    cluster.create('t', 10)
    hold()
    for (let p = 0; p < 10; p++) for (let i = 0; i < 10; i++) cluster.append('t', p, batch('x'.repeat(40_000)))
    cluster.on('Fetch', async (call, next) => {
      const reply = await next()
      let left = call.body.maxBytes
      for (const t of reply.responses) for (const p of t.partitions) p.records = p.records.length <= left ? p.records : Buffer.alloc(0)
      for (const t of reply.responses) for (const p of t.partitions) left -= p.records.length
      return reply
    })
    for (let p = 0; p < 10; p++) fetcher.add({ topic: 't', partition: p }, { offset: 0 }, `${p}`)
    await world.run(5_000)
    expect(cluster.callsOf('Fetch').every((c) => c.body.maxBytes <= 200_000)).toBe(true)
    expect(cluster.callsOf('Fetch').length).toBeLessThan(30)
  })

  it('is shared among leaders: one that is parked does not keep it all from the others', async () => {
    const { world, cluster, fetcher, values } = start(3, { bufferBytesMax: 100_000 })
    cluster.create('t', 3)
    for (let partition = 0; partition < 3; partition++) fetcher.add({ topic: 't', partition }, { offset: 0 }, 'c')
    await world.run(100)
    cluster.append('t', 2, batch('2'))
    await world.run(50)
    expect(values()).toEqual(['2'])
  })

  it('what is taken back while an answer that was kept is handed out stays away', async () => {
    const { world, cluster, kafka } = start()
    cluster.create('t', 2)
    const got: string[] = []
    const fetcher: Fetcher<string> = new Fetcher(handleOf(kafka).cluster, {
      onRecords(claim: string, _messages: readonly FetchedMessage[], _next: NextPosition, delivery: Delivery): void {
        got.push(claim)
        delivery.release()
        if (claim === 'a') fetcher.remove(T1)
      },
      onProblem() {},
    })
    fetcher.add(T0, { offset: 0 }, 'a')
    fetcher.add(T1, { offset: 0 }, 'b')
    await world.run(50)
    fetcher.pause(T0)
    fetcher.pause(T1)
    cluster.append('t', 0, batch('x'))
    await world.run(1_000)
    fetcher.resume(T0)
    fetcher.resume(T1)
    await world.run(50)
    cluster.append('t', 1, batch('y'))
    await world.run(2_000)
    expect(got).toEqual(['a'])
    expect(fetcher.position(T1)).toBeUndefined()
  })

  it('resuming does not wait for the end of a Fetch that is parked for others', async () => {
    const { world, cluster, fetcher, got } = start(1, { waitMaxMs: 10_000 })
    cluster.create('t', 2)
    fetcher.add(T0, { offset: 0 }, 'a')
    fetcher.add(T1, { offset: 0 }, 'b')
    fetcher.pause(T1)
    await world.run(100)
    cluster.append('t', 1, batch('x'))
    fetcher.resume(T1)
    const resumedMs = world.monotonic()
    await world.run(1_000)
    expect(got[0]).toMatchObject({ claim: 'b', values: ['x'] })
    expect(got[0]!.atMs - resumedMs).toBeLessThan(20)
  })
})

describe('what is counted is what is held', () => {
  const sizes = (cluster: FakeCluster) => {
    const bytes: number[] = []
    cluster.on('Fetch', async (_call, next) => {
      const reply = await next()
      bytes.push(reply.responses.flatMap((t: any) => t.partitions).reduce((sum: number, p: any) => sum + p.records.length, 0))
      return reply
    })
    return bytes
  }

  it('a response counts once and whole, until the last of its deliveries is released', async () => {
    const { world, cluster, fetcher, got, hold } = start(1, { waitMaxMs: 10_000 })
    cluster.create('t', 2)
    hold()
    cluster.append('t', 0, batch('x'.repeat(100)))
    cluster.append('t', 1, batch('y'.repeat(50_000)))
    const bytes = sizes(cluster)
    fetcher.add(T0, { offset: 0 }, 'a')
    fetcher.add(T1, { offset: 0 }, 'b')
    await world.run(100)
    expect(bytes.filter((b) => b > 0)).toHaveLength(1)
    const held = fetcher.bufferedBytes
    expect(held).toBeGreaterThan(bytes[0]!)
    expect(held).toBeLessThan(bytes[0]! + 300)
    got.find((g) => g.claim === 'b')!.delivery.release()
    expect(fetcher.bufferedBytes).toBe(held)
    got.find((g) => g.claim === 'a')!.delivery.release()
    expect(fetcher.bufferedBytes).toBe(0)
  })

  it('decompressed records count for what they are, and not for the response', async () => {
    const { world, cluster, fetcher, got, hold } = start()
    cluster.create('t')
    hold()
    const records = [{ key: null, value: Buffer.alloc(50_000), timestampMs: 1 }]
    cluster.append('t', 0, Buffer.from(buildBatch(records, { compression: 'gzip' })))
    fetcher.add(T0, { offset: 0 }, 'a')
    await world.run(100)
    expect(fetcher.bufferedBytes).toBeGreaterThan(50_000)
    expect(fetcher.bufferedBytes).toBeLessThan(50_020)
    got[0]!.delivery.release()
    expect(fetcher.bufferedBytes).toBe(0)
  })

  it('what was copied out counts for itself, and the partition is fetched on', async () => {
    const { world, cluster, fetcher, got, hold, crowdedCount } = start(1, { partitionBytesMax: 1000 })
    cluster.create('t')
    hold()
    for (let i = 0; i < 20; i++) cluster.append('t', 0, batch('x'.repeat(900)))
    fetcher.add(T0, { offset: 0 }, 'a')
    await world.run(1_000)
    const ahead = got.length
    expect(ahead).toBeLessThanOrEqual(3)
    expect(got[0]!.delivery.isCrowded).toBe(true)
    expect(crowdedCount()).toBeGreaterThan(0)
    for (const { delivery, messages } of got) delivery.keepOnly(messages.reduce((sum, m) => sum + m.detach(), 0))
    expect(fetcher.bufferedBytes).toBe(900 * ahead)
    expect(got[0]!.delivery.isCrowded).toBe(false)
    await world.run(50)
    expect(got.length).toBeGreaterThan(ahead)
    const before = fetcher.bufferedBytes
    const [first] = got
    first!.delivery.keepOnly(100)
    first!.delivery.keepOnly(500) // more than before is ignored
    expect(fetcher.bufferedBytes).toBe(before - 800)
    first!.delivery.release()
    first!.delivery.keepOnly(50)
    expect(fetcher.bufferedBytes).toBe(before - 900)
    for (const { delivery } of got) delivery.release()
    expect(fetcher.bufferedBytes).toBe(0)
  })

  it('an owner that keeps everything, copied out, is stopped by bufferBytesMax alone, and goes on as it lets go', async () => {
    const bufferBytesMax = 300_000
    const { world, cluster, fetcher, got, hold, crowdedCount } = start(1, { partitionBytesMax: 10_000, bufferBytesMax })
    cluster.create('t')
    hold()
    for (let i = 0; i < 200; i++) cluster.append('t', 0, batch('x'.repeat(5_000)))
    fetcher.add(T0, { offset: 0 }, 'a')
    const copied = new Set<Delivery>()
    for (let i = 0; i < 200; i++) {
      await world.run(50)
      for (const { delivery, messages } of got) {
        if (copied.has(delivery)) continue
        copied.add(delivery)
        delivery.keepOnly(messages.reduce((sum, m) => sum + m.detach(), 0))
      }
      expect(fetcher.bufferedBytes).toBeLessThanOrEqual(bufferBytesMax)
    }
    const count = got.length
    expect(fetcher.bufferedBytes).toBeGreaterThan(bufferBytesMax - 64 * 1024 - 10_000)
    expect(got[0]!.delivery.isCrowded).toBe(true)
    expect(crowdedCount()).toBeGreaterThan(0)
    for (const { delivery } of got) delivery.release()
    await world.run(50)
    expect(got.length).toBeGreaterThan(count)
  })

  it('what is kept for a paused partition is copied out when memory is short', async () => {
    const { world, cluster, fetcher, got, values } = start(1, { bufferBytesMax: 200_000, waitMaxMs: 10_000 })
    cluster.create('t', 2)
    fetcher.add(T0, { offset: 0 }, 'a')
    fetcher.add(T1, { offset: 0 }, 'b')
    await world.run(50)
    fetcher.pause(T0)
    const wake = cluster.wake.bind(cluster)
    cluster.wake = () => {}
    cluster.append('t', 0, batch('kept'))
    cluster.append('t', 1, batch('x'.repeat(180_000)))
    cluster.wake = wake
    const owner = got.length
    cluster.wake()
    await world.run(5_000)
    expect(got.length).toBeGreaterThan(owner)
    expect(fetcher.bufferedBytes).toBe('kept'.length)
    cluster.append('t', 1, batch('next'))
    await world.run(1_000)
    expect(values()).toContain('next')
    fetcher.resume(T0)
    await world.run(10)
    expect(values()).toContain('kept')
  })
})

it('partitions that were taken up at different times join again: an idle fetcher asks no more often than it must', async () => {
  const { world, cluster, fetcher } = start()
  cluster.create('t', 4)
  for (let partition = 0; partition < 4; partition++) {
    fetcher.add({ topic: 't', partition }, { offset: 0 }, 'c')
    await world.run(130)
  }
  await world.run(5_000)
  const before = cluster.callsOf('Fetch').length
  await world.run(10_000)
  expect(cluster.callsOf('Fetch').length - before).toBeLessThanOrEqual(21)
  expect(cluster.callsOf('Fetch').at(-1)?.body.topics[0].partitions).toHaveLength(4)
})
