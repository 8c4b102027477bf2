import { apis, buildBatch, crc32c, ErrorCode } from '@tidemark/protocol'
import { describe, expect, it } from 'vitest'
import { createKafka } from '../kafka.ts'
import type { Message } from '../messages/message.ts'
import type { KafkaOptions } from '../options.ts'
import { FakeCluster } from '../testing/cluster.case.ts'
import { World } from '../testing/world.case.ts'
import { Fetcher } from './fetcher.ts'
import type { Delivery, FetcherOptions, FetchProblem, NextPosition } from './types.ts'

const batch = (...values: string[]): Buffer => buildBatch(values.map((v) => ({ key: null, value: Buffer.from(v), timestampMs: 1 })))
const T0 = { topic: 't', partition: 0 }
const T1 = { topic: 't', partition: 1 }

interface Got {
  readonly claim: string
  readonly values: string[]
  readonly next: NextPosition
  readonly delivery: Delivery
  readonly atMs: number
}

function start(nodes = 1, options: FetcherOptions = {}, kafkaOptions: Partial<KafkaOptions> = {}) {
  const world = new World()
  const cluster = new FakeCluster(world, nodes)
  const kafka = createKafka({ brokers: cluster.brokers, platform: world.platform, ...kafkaOptions })
  const got: Got[] = []
  const problems: { claim: string; problem: FetchProblem }[] = []
  let release = true
  const owner = {
    onRecords(claim: string, messages: readonly Message[], next: NextPosition, delivery: Delivery): void {
      got.push({ claim, values: messages.map((m) => String(m.value)), next, delivery, atMs: world.monotonic() })
      if (release) delivery.release()
    },
    onProblem: (claim: string, problem: FetchProblem) => void problems.push({ claim, problem }),
  }
  const fetcher = new Fetcher<string>(kafka.cluster, owner, options)
  const values = () => got.flatMap((g) => g.values)
  const hold = () => {
    release = false
  }
  return { world, cluster, kafka, fetcher, got, problems, values, hold }
}

describe('a fetcher', () => {
  it('hands out records from the position on, and moves it behind the batch', async () => {
    const { world, cluster, fetcher, got, values } = start()
    cluster.create('t')
    cluster.append('t', 0, batch('a', 'b', 'c'))
    fetcher.add(T0, { offset: 1 }, 'claim')
    await world.run(100)
    expect(values()).toEqual(['b', 'c'])
    expect(got[0]).toMatchObject({ claim: 'claim', next: { offset: 3, leaderEpoch: 0 } })
    expect(fetcher.position(T0)).toEqual({ offset: 3, leaderEpoch: 0 })
  })

  it('is parked at the leader while nothing comes, and has a record as soon as it is there', async () => {
    const { world, cluster, fetcher, got } = start()
    cluster.create('t')
    fetcher.add(T0, { offset: 0 }, 'claim')
    await world.run(2_000)
    expect(cluster.callsOf('Fetch').length).toBeLessThanOrEqual(5)
    cluster.append('t', 0, batch('a'))
    const appendedMs = world.monotonic()
    await world.run(100)
    expect(got[0]!.atMs - appendedMs).toBeLessThanOrEqual(2)
  })

  it('reads all partitions of a leader with one request, and leaders beside each other', async () => {
    const { world, cluster, fetcher, values } = start(2)
    cluster.create('t', 4)
    for (let p = 0; p < 4; p++) cluster.append('t', p, batch(`p${p}`))
    for (let p = 0; p < 4; p++) fetcher.add({ topic: 't', partition: p }, { offset: 0 }, 'c')
    await world.run(100)
    expect(values().sort()).toEqual(['p0', 'p1', 'p2', 'p3'])
    const first = cluster.callsOf('Fetch').slice(0, 2)
    expect(first.map((c) => [c.node, c.body.topics[0].partitions.length])).toEqual([
      [1, 2],
      [2, 2],
    ])
  })

  it('names topics where the broker is too old for their ids (trap 28)', async () => {
    const { world, cluster, fetcher, values } = start()
    cluster.versionsMax.set(apis.Metadata.key, 9)
    cluster.create('t')
    cluster.append('t', 0, batch('a'))
    fetcher.add(T0, { offset: 0 }, 'c')
    await world.run(100)
    expect(values()).toEqual(['a'])
    expect(cluster.callsOf('Fetch')[0]?.version).toBe(12)
  })

  it('moves past control batches: the owner hears of the position, with no records', async () => {
    const { world, cluster, fetcher, got } = start()
    cluster.create('t')
    const marker = Buffer.from(buildBatch([{ key: Buffer.from([0, 0, 0, 1]), value: Buffer.alloc(6), timestampMs: 1 }]))
    marker.writeInt16BE(0x20, 21)
    marker.writeUInt32BE(crc32c(marker.subarray(21)), 17)
    cluster.append('t', 0, marker)
    fetcher.add(T0, { offset: 0 }, 'c')
    await world.run(100)
    expect(got).toMatchObject([{ claim: 'c', values: [], next: { offset: 1 }, delivery: { bytes: 0, highWatermark: 1 } }])
  })
})

describe('what is taken back or late', () => {
  it('an answer for a position that was moved meanwhile is dropped, even if the new one has the same offset (T11)', async () => {
    const { world, cluster, fetcher, got } = start()
    cluster.create('t')
    cluster.append('t', 0, batch('a', 'b'))
    let answer = (): void => {}
    cluster.once('Fetch', (_call, next) => new Promise((resolve) => (answer = () => resolve(next()))))
    fetcher.add(T0, { offset: 0 }, 'old')
    await world.run(50)
    fetcher.add(T0, { offset: 0 }, 'new')
    await world.run(50)
    answer()
    await world.run(50)
    expect(got.map((g) => [g.claim, g.values])).toEqual([['new', ['a', 'b']]])
  })

  it('nothing comes for a partition that was removed (T11)', async () => {
    const { world, cluster, fetcher, got } = start()
    cluster.create('t')
    fetcher.add(T0, { offset: 0 }, 'c')
    await world.run(50)
    fetcher.remove(T0)
    cluster.append('t', 0, batch('a'))
    await world.run(1_000)
    expect(got).toEqual([])
    expect(fetcher.position(T0)).toBeUndefined()
  })

  it('nothing comes while it is paused; what was under way is kept and comes first afterwards, without being fetched again', async () => {
    const { world, cluster, fetcher, values } = start()
    cluster.create('t')
    fetcher.add(T0, { offset: 0 }, 'c')
    await world.run(50)
    fetcher.pause(T0)
    cluster.append('t', 0, batch('a'))
    await world.run(1_000)
    expect(values()).toEqual([])
    expect(fetcher.bufferedBytes).toBeGreaterThan(0)
    cluster.append('t', 0, batch('b'))
    const fetches = cluster.callsOf('Fetch').length
    fetcher.resume(T0)
    await world.run(0)
    expect(values()).toEqual(['a'])
    expect(cluster.callsOf('Fetch')).toHaveLength(fetches)
    await world.run(50)
    expect(values()).toEqual(['a', 'b'])
    expect(fetcher.bufferedBytes).toBe(0)
  })

  it('the next Fetch leaves before records reach their owner, whose handlers may take their time', async () => {
    const { world, cluster, kafka } = start()
    cluster.create('t')
    cluster.append('t', 0, batch('a'))
    let sent = 0
    const send = kafka.cluster.send.bind(kafka.cluster)
    Object.assign(kafka.cluster, { send: (...all: Parameters<typeof send>) => (all[0] === apis.Fetch && sent++, send(...all)) })
    const seen: [string, number][] = []
    const fetcher = new Fetcher<string>(kafka.cluster, {
      onRecords(_, messages, __, delivery) {
        delivery.release()
        for (const m of messages) seen.push([String(m.value), sent])
      },
      onProblem() {},
    })
    fetcher.add(T0, { offset: 0 }, 'c')
    await world.run(100)
    expect(seen).toEqual([['a', 2]])
    fetcher.close()
  })

  it('records of an answer whose position was taken back by the handler of another partition never come', async () => {
    const { world, cluster, kafka } = start()
    cluster.create('t', 2)
    cluster.append('t', 0, batch('a'))
    cluster.append('t', 1, batch('b'))
    const seen: string[] = []
    const fetcher = new Fetcher<string>(kafka.cluster, {
      onRecords(claim, messages, _, delivery) {
        seen.push(...messages.map((m) => `${claim}:${m.value}`))
        delivery.release()
        if (seen.length === 1) fetcher.add(claim === 'zero' ? T1 : T0, { offset: 0 }, 'again')
      },
      onProblem() {},
    })
    fetcher.add(T0, { offset: 0 }, 'zero')
    fetcher.add(T1, { offset: 0 }, 'one')
    await world.run(600)
    expect(seen).toHaveLength(2)
    expect(seen[1]).toMatch(/^again:/)
    expect(fetcher.bufferedBytes).toBe(0)
    fetcher.close()
  })

  it('a partition that another one pauses in the same answer is kept, and comes once when it is resumed', async () => {
    const { world, cluster, kafka } = start()
    cluster.create('t', 2)
    cluster.append('t', 0, batch('a'))
    cluster.append('t', 1, batch('b'))
    const seen: string[] = []
    const fetcher = new Fetcher<string>(kafka.cluster, {
      onRecords(claim, messages, _, delivery) {
        delivery.release()
        seen.push(...messages.map((m) => `${claim}:${m.value}`))
        if (seen.length === 1) fetcher.pause(claim === 'zero' ? T1 : T0)
      },
      onProblem() {},
    })
    fetcher.add(T0, { offset: 0 }, 'zero')
    fetcher.add(T1, { offset: 0 }, 'one')
    await world.run(200)
    expect(seen).toHaveLength(1)
    fetcher.resume(T0)
    fetcher.resume(T1)
    await world.run(600)
    expect([...seen].sort()).toEqual(['one:b', 'zero:a'])
    fetcher.close()
  })

  it('closing drops what is under way and closes the connections', async () => {
    const { world, cluster, fetcher, got, problems } = start()
    cluster.create('t')
    fetcher.add(T0, { offset: 0 }, 'c')
    await world.run(50)
    fetcher.close()
    cluster.append('t', 0, batch('a'))
    await world.run(1_000)
    expect([got, problems]).toEqual([[], []])
    expect(world.connections.filter((c) => !c.closed)).toHaveLength(1) // the one for metadata
  })
})

describe('room', () => {
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
    const fetcher: Fetcher<string> = new Fetcher(kafka.cluster, {
      onRecords(claim: string, _messages: readonly Message[], _next: NextPosition, delivery: Delivery): void {
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

describe('leaders', () => {
  it('that moved are followed, whichever way the fetcher hears of it', async () => {
    const { world, cluster, fetcher, values, problems } = start(2)
    cluster.create('t')
    cluster.append('t', 0, batch('a'))
    fetcher.add(T0, { offset: 0 }, 'c')
    await world.run(50)
    cluster.moveLeader('t', 0, 2)
    cluster.append('t', 0, batch('b'))
    await world.run(2_000)
    expect(values()).toEqual(['a', 'b'])
    cluster.disconnectAll()
    cluster.moveLeader('t', 0, 1)
    cluster.append('t', 0, batch('c'))
    await world.run(5_000)
    expect(values()).toEqual(['a', 'b', 'c'])
    expect(problems).toEqual([])
  })

  it('are asked whether a position read under an older one is still in the log, once for each change (KIP-320)', async () => {
    const { world, cluster, fetcher, values } = start(2)
    cluster.create('t')
    cluster.append('t', 0, batch('a'))
    fetcher.add(T0, { offset: 0 }, 'c')
    await world.run(50)
    expect(cluster.callsOf('OffsetForLeaderEpoch')).toEqual([])
    cluster.moveLeader('t', 0, 2)
    cluster.append('t', 0, batch('b'))
    await world.run(2_000)
    expect(cluster.callsOf('OffsetForLeaderEpoch').map((c) => [c.node, c.body.topics[0].partitions[0]])).toMatchObject([
      [2, { partition: 0, currentLeaderEpoch: 1, leaderEpoch: 0 }],
    ])
    expect(values()).toEqual(['a', 'b'])
  })

  it('whose log was cut below the position: the owner is told where the common part ends, and decides (KIP-320)', async () => {
    const { world, cluster, fetcher, values, problems } = start(2)
    cluster.create('t')
    cluster.append('t', 0, batch('a', 'b'))
    cluster.append('t', 0, batch('c'))
    fetcher.add(T0, { offset: 0 }, 'claim')
    await world.run(50)
    const p = cluster.partition('t')
    p.batches.pop()
    p.end = 2
    cluster.moveLeader('t', 0, 2)
    cluster.append('t', 0, batch('C', 'D'))
    await world.run(2_000)
    expect(values()).toEqual(['a', 'b', 'c'])
    expect(problems).toMatchObject([
      {
        claim: 'claim',
        problem: { kind: 'truncated', offset: 3, end: { offset: 2, leaderEpoch: 0 }, error: { code: 'LOG_TRUNCATED', offset: 3 } },
      },
    ])
    fetcher.add(T0, { offset: 2, leaderEpoch: 0 }, 'again')
    await world.run(500)
    expect(values()).toEqual(['a', 'b', 'c', 'C', 'D'])
  })

  it('are asked about a committed position before anything is read from it', async () => {
    const { world, cluster, fetcher, got, problems } = start(1)
    cluster.create('t')
    cluster.append('t', 0, batch('a'))
    cluster.moveLeader('t', 0, 1)
    cluster.append('t', 0, batch('b', 'c', 'd'))
    fetcher.add(T0, { offset: 3, leaderEpoch: 0 }, 'committed elsewhere')
    await world.run(500)
    expect(got).toEqual([])
    expect(problems[0]?.problem).toMatchObject({ kind: 'truncated', end: { offset: 1, leaderEpoch: 0 } })
  })

  it('that know nothing of the epoch: truncated, with no known end', async () => {
    const { world, cluster, fetcher, problems } = start()
    cluster.create('t')
    cluster.append('t', 0, batch('a'))
    cluster.partition('t').epoch = 7
    cluster.partition('t').epochs = [[7, 0]]
    fetcher.add(T0, { offset: 1, leaderEpoch: 3 }, 'c')
    await world.run(500)
    expect(problems[0]?.problem).toMatchObject({ kind: 'truncated', end: undefined })
  })

  it('that are behind us (UNKNOWN_LEADER_EPOCH) are asked again later, not in a tight loop (trap 27)', async () => {
    const { world, cluster, fetcher, values, problems } = start()
    cluster.create('t')
    cluster.append('t', 0, batch('a'))
    cluster.on('Fetch', async (_call, next) => {
      const reply = await next()
      if (cluster.callsOf('Fetch').length > 5) return reply
      for (const p of reply.responses[0].partitions)
        Object.assign(p, { errorCode: ErrorCode.UNKNOWN_LEADER_EPOCH, records: Buffer.alloc(0) })
      return reply
    })
    fetcher.add(T0, { offset: 0 }, 'c')
    await world.run(30_000)
    expect(values()).toEqual(['a'])
    expect(problems).toEqual([])
  })

  it('that cannot be reached are tried again, with growing delays', async () => {
    const { world, cluster, fetcher, values } = start()
    cluster.create('t')
    cluster.append('t', 0, batch('a'))
    const off = cluster.on('Fetch', () => 'close')
    fetcher.add(T0, { offset: 0 }, 'c')
    await world.run(20_000)
    expect(cluster.callsOf('Fetch').length).toBeLessThan(40)
    off()
    await world.run(6_000)
    expect(values()).toEqual(['a'])
  })
})

describe('what the owner is told, and has to decide', () => {
  it('an offset out of range, with the bounds of the log; never a silent reset', async () => {
    const { world, cluster, fetcher, got, problems } = start()
    cluster.create('t')
    cluster.append('t', 0, batch('a'))
    fetcher.add(T0, { offset: 99 }, 'claim')
    await world.run(2_000)
    expect(got).toEqual([])
    expect(problems).toMatchObject([
      { claim: 'claim', problem: { kind: 'out_of_range', offset: 99, error: { code: 'OFFSET_OUT_OF_RANGE', partition: 0 } } },
    ])
    expect(cluster.callsOf('Fetch')).toHaveLength(1)
  })

  it('a topic that was deleted and created again: positions in the old one mean nothing', async () => {
    const { world, cluster, fetcher, values, problems } = start()
    cluster.create('t')
    cluster.append('t', 0, batch('a'))
    fetcher.add(T0, { offset: 0 }, 'c')
    await world.run(50)
    const { id } = cluster.create('t')
    cluster.append('t', 0, batch('other', 'topic'))
    await world.run(3_000)
    expect(values()).toEqual(['a'])
    expect(problems).toMatchObject([{ problem: { kind: 'replaced', topicId: id, error: { code: 'TOPIC_REPLACED' } } }])
  })

  it('a topic that is gone, once it has been gone for requestTimeoutMs', async () => {
    const { world, cluster, fetcher, problems } = start(1, {}, { requestTimeoutMs: 5_000 })
    cluster.create('t')
    fetcher.add(T0, { offset: 0 }, 'c')
    await world.run(50)
    cluster.topics.delete('t')
    await world.run(3_000)
    expect(problems).toEqual([])
    await world.run(10_000)
    expect(problems).toMatchObject([{ problem: { kind: 'failed', error: { code: 'UNKNOWN_TOPIC' } } }])
  })

  it('a partition that may not be read, while the others go on', async () => {
    const { world, cluster, fetcher, values, problems } = start()
    cluster.create('t', 2)
    cluster.append('t', 1, batch('b'))
    cluster.on('Fetch', async (_call, next) => {
      const reply = await next()
      for (const p of reply.responses[0].partitions) {
        if (p.partitionIndex === 0) Object.assign(p, { errorCode: ErrorCode.TOPIC_AUTHORIZATION_FAILED, records: Buffer.alloc(0) })
      }
      return reply
    })
    fetcher.add(T0, { offset: 0 }, 'a')
    fetcher.add(T1, { offset: 0 }, 'b')
    await world.run(1_000)
    expect(values()).toEqual(['b'])
    expect(problems).toMatchObject([{ claim: 'a', problem: { kind: 'failed', error: { code: 'TOPIC_AUTHORIZATION_FAILED' } } }])
  })

  it('a batch whose CRC is wrong: CORRUPT_BATCH at its offset, after what came before it', async () => {
    const { world, cluster, fetcher, values, problems } = start()
    cluster.create('t')
    cluster.append('t', 0, batch('a'))
    const broken = batch('b')
    broken[broken.length - 2]! ^= 1
    cluster.append('t', 0, broken)
    fetcher.add(T0, { offset: 0 }, 'c')
    await world.run(500)
    expect(values()).toEqual(['a'])
    expect(problems).toMatchObject([{ problem: { kind: 'failed', error: { code: 'CORRUPT_BATCH', topic: 't', partition: 0, offset: 1 } } }])
  })
})
