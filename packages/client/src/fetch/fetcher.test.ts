import { apis, buildBatch, crc32c } from '@tidemark/protocol'
import { describe, expect, it } from 'vitest'
import { handleOf } from '../kafka.ts'
import { batch, start, T0, T1 } from './fetcher.case.ts'
import { Fetcher } from './fetcher.ts'

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
    const send = handleOf(kafka).cluster.send.bind(handleOf(kafka).cluster)
    Object.assign(handleOf(kafka).cluster, { send: (...all: Parameters<typeof send>) => (all[0] === apis.Fetch && sent++, send(...all)) })
    const seen: [string, number][] = []
    const fetcher = new Fetcher<string>(handleOf(kafka).cluster, {
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
    const fetcher = new Fetcher<string>(handleOf(kafka).cluster, {
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
    const fetcher = new Fetcher<string>(handleOf(kafka).cluster, {
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

  it('the Kafka handle closed under it: every partition hears CLOSED at once, and so does one that is added afterwards', async () => {
    const { world, cluster, kafka, fetcher, problems } = start()
    cluster.create('t', 3)
    fetcher.add(T0, { offset: 0 }, 'parked')
    fetcher.add(T1, { offset: 0 }, 'paused')
    fetcher.add({ topic: 'unknown', partition: 0 }, { offset: 0 }, 'looked up')
    fetcher.pause(T1)
    await world.run(1_000)
    await kafka.close()
    await world.run(0)
    const told = () => problems.map(({ claim, problem }) => [claim, problem.kind, 'error' in problem && problem.error.code])
    expect(told().sort()).toEqual([
      ['looked up', 'failed', 'CLOSED'],
      ['parked', 'failed', 'CLOSED'],
      ['paused', 'failed', 'CLOSED'],
    ])
    problems.length = 0
    fetcher.add({ topic: 't', partition: 2 }, { offset: 0 }, 'known')
    fetcher.add({ topic: 'other', partition: 0 }, { offset: 0 }, 'unknown')
    await world.run(0)
    expect(told().sort()).toEqual([
      ['known', 'failed', 'CLOSED'],
      ['unknown', 'failed', 'CLOSED'],
    ])
  })
})
