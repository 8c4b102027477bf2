import { describe, expect, it } from 'vitest'
import { headersOf, logOf, numbers, start } from './producer.case.ts'

describe('batches', () => {
  it('hold what one turn sends, and what comes while five requests are under way', async () => {
    const { world, cluster, producer } = start()
    cluster.create('t')
    await world.settle(producer.send('t', { value: 'first' }))
    cluster.calls.length = 0
    const answers: (() => void)[] = []
    cluster.on('Produce', (_call, next) => new Promise((resolve) => answers.push(() => resolve(next()))))
    const sends: Promise<unknown>[] = []
    for (let i = 0; i < 20; i++) {
      sends.push(producer.send('t', { value: `${i}a` }), producer.send('t', { value: `${i}b` }))
      await Promise.resolve()
    }
    await world.run(10)
    while (cluster.callsOf('Produce').length < 6 || answers.length > 0) {
      answers.shift()?.()
      await world.run(10)
    }
    await world.settle(Promise.all(sends))
    const counts = cluster.callsOf('Produce').flatMap((c) => headersOf(c).map((h: any) => h.recordCount))
    expect(counts.slice(0, 5)).toEqual([2, 2, 2, 2, 2])
    expect(counts[5]).toBe(30)
  })

  it('linger for lingerMs, unless somebody flushes', async () => {
    const { world, cluster, producer } = start({ lingerMs: 100 })
    cluster.create('t')
    const first = producer.send('t', { value: 'a' })
    await world.run(60)
    const second = producer.send('t', { value: 'b' })
    await world.run(30)
    expect(cluster.callsOf('Produce')).toEqual([])
    await world.settle(Promise.all([first, second]))
    expect(cluster.callsOf('Produce')).toHaveLength(1)
    const third = producer.send('t', { value: 'c' })
    const before = world.monotonic()
    await world.settle(producer.flush())
    expect(world.monotonic() - before).toBeLessThan(50)
    await third
  })

  it('end at batchBytesMax', async () => {
    const { world, cluster, producer } = start({ batchBytesMax: 1000 })
    cluster.create('t')
    await world.settle(
      producer.send(
        't',
        numbers(10).map((n) => ({ value: n.repeat(300) })),
      ),
    )
    expect(cluster.partition('t').batches.every((b) => b.length <= 1000)).toBe(true)
    expect(cluster.partition('t').batches.length).toBeGreaterThan(3)
    expect(logOf(cluster)).toEqual(numbers(10).map((n) => n.repeat(300)))
  })

  it.each(['gzip', 'snappy', 'lz4', 'zstd'] as const)('are compressed with %s', async (compression) => {
    const { world, cluster, producer } = start({ compression })
    cluster.create('t')
    await world.settle(producer.send('t', { value: 'x'.repeat(10_000) }))
    expect(cluster.partition('t').batches[0]!.length).toBeLessThan(1_000)
    expect(logOf(cluster)).toEqual(['x'.repeat(10_000)])
  })

  it('that are too large for the topic are split until they fit; one record that is too large fails alone', async () => {
    const { world, cluster, producer } = start()
    cluster.create('t')
    cluster.partition('t').bytesMax = 700
    const values = [...numbers(9).map((n) => n.repeat(200)), 'x'.repeat(800), ...numbers(4)]
    const sends = values.map((value) =>
      producer.send('t', { value }).then(
        () => 'fine',
        (e) => e.code,
      ),
    )
    const outcomes = await world.settle(Promise.all(sends))
    expect(outcomes.filter((o) => o !== 'fine')).toEqual(['MESSAGE_TOO_LARGE'])
    expect(outcomes[9]).toBe('MESSAGE_TOO_LARGE')
    expect(logOf(cluster)).toEqual(values.filter((v) => v.length <= 700))
  })
})

describe('room', () => {
  it('send() waits while bufferBytesMax is taken, and everything arrives in order', async () => {
    const { world, cluster, producer } = start({ bufferBytesMax: 5_000, batchBytesMax: 2_000 })
    cluster.create('t')
    const sends = numbers(50).map((n) => producer.send('t', { value: n.padEnd(500) }))
    await world.settle(Promise.all(sends))
    expect(logOf(cluster).map((v) => v.trim())).toEqual(numbers(50))
    const perRequest = cluster.callsOf('Produce').map((c) => headersOf(c).reduce((sum: number, h: any) => sum + h.recordCount, 0))
    expect(Math.max(...perRequest)).toBeLessThan(10)
  })

  it('gives up after maxBlockMs, with BUFFER_FULL; what is in batches goes on', async () => {
    const { world, cluster, producer } = start({ bufferBytesMax: 1_000, maxBlockMs: 2_000 })
    cluster.create('t')
    await world.settle(producer.send('t', { value: 'first' }))
    let answer = (): void => {}
    cluster.once('Produce', (_call, next) => new Promise((resolve) => (answer = () => resolve(next()))))
    const inside = producer.send('t', { value: 'x'.repeat(900) })
    const outside = world.fails(producer.send('t', { value: 'y'.repeat(900) }))
    expect(await outside).toMatchObject({ code: 'BUFFER_FULL' })
    expect(world.monotonic()).toBeGreaterThanOrEqual(2_000)
    answer()
    await world.settle(inside)
    expect(logOf(cluster)).toHaveLength(2)
  })

  it('no more than sendsWaitingMax wait', async () => {
    const { world, cluster, producer } = start({ bufferBytesMax: 1_000, sendsWaitingMax: 2 })
    cluster.create('t')
    const sends = numbers(4).map((n) =>
      producer.send('t', { value: n.repeat(900) }).then(
        () => 'fine',
        (e) => e,
      ),
    )
    const [first, second, ...others] = await world.settle(Promise.all(sends))
    expect([first, second]).toEqual(['fine', 'fine'])
    for (const other of others) expect(other).toMatchObject({ code: 'BUFFER_FULL', message: expect.stringContaining('sendsWaitingMax') })
  })
})
