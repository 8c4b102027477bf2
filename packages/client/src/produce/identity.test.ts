import { ErrorCode } from '@tidemark/protocol'
import { describe, expect, it } from 'vitest'
import { answerAll, headersOf, logOf, numbers, start } from './producer.case.ts'

describe('the numbers of an idempotent producer', () => {
  it('go on across batches, and begin with the id that a broker gave', async () => {
    const { world, cluster, producer } = start()
    cluster.create('t')
    await world.settle(producer.send('t', [{ value: 'a' }, { value: 'b' }]))
    await world.settle(producer.send('t', { value: 'c' }))
    const headers = cluster.callsOf('Produce').flatMap(headersOf)
    expect(headers.map((h: any) => [h.producerId, h.producerEpoch, h.baseSequence])).toEqual([
      [1000n, 0, 0],
      [1000n, 0, 2],
    ])
  })

  it('begin anew under the next epoch when the broker lost the tail of the log (KIP-360)', async () => {
    const { world, cluster, producer } = start()
    cluster.create('t')
    await world.settle(producer.send('t', { value: 'a' }))
    await world.settle(producer.send('t', { value: 'b' }))
    const p = cluster.partition('t')
    p.batches.pop()
    p.end = 1
    for (const s of p.sequences.values()) {
      s.next = 1
      s.recent.delete(1)
    }
    const sent = await world.settle(Promise.all(['c', 'd', 'e'].map((value) => producer.send('t', { value }))))
    expect(sent.map((r) => r.offset)).toEqual([1, 2, 3])
    expect(logOf(cluster)).toEqual(['a', 'c', 'd', 'e'])
    expect([...p.sequences.values()][0]?.epoch).toBe(1)
  })

  it('begin anew when the broker forgot the producer (UNKNOWN_PRODUCER_ID), in order, with five batches in flight', async () => {
    const { world, cluster, producer } = start()
    cluster.create('t')
    await world.settle(producer.send('t', { value: 'first' }))
    cluster.on('Produce', (call) => (headersOf(call)[0].producerEpoch === 0 ? answerAll(call, ErrorCode.UNKNOWN_PRODUCER_ID) : undefined))
    const sends: Promise<unknown>[] = []
    for (const value of numbers(10)) {
      sends.push(producer.send('t', { value }))
      await Promise.resolve()
      await world.run(0)
    }
    await world.settle(Promise.all(sends))
    expect(logOf(cluster)).toEqual(['first', ...numbers(10)])
  })

  it('of other partitions go on as they are while one begins anew', async () => {
    const { world, cluster, producer } = start()
    cluster.create('t', 2)
    const both = () => world.settle(Promise.all([0, 1].map((partition) => producer.send('t', { value: 'x', partition }))))
    await both()
    cluster.partition('t', 0).sequences.get(1000n)!.next = 99
    await both()
    await both()
    expect([logOf(cluster, 't', 0).length, logOf(cluster, 't', 1).length]).toEqual([3, 3])
  })

  it('the first batch goes alone until it is acknowledged: a broker that does not know the producer takes any sequence number first (trap 18)', async () => {
    const { world, cluster, producer } = start()
    cluster.create('t', 2)
    await world.settle(producer.send('t', { value: 'elsewhere', partition: 1 }))
    let refusals = 1
    cluster.on('Produce', (call) => (refusals-- > 0 ? answerAll(call, ErrorCode.NOT_ENOUGH_REPLICAS) : undefined))
    const sends: Promise<unknown>[] = []
    for (const value of numbers(10)) {
      sends.push(producer.send('t', { value, partition: 0 }))
      await world.run(0)
    }
    await world.settle(Promise.all(sends))
    expect(logOf(cluster)).toEqual(numbers(10))
  })

  it('a batch that expired in doubt leaves no duplicate and no gap behind', async () => {
    const { world, cluster, producer } = start({ deliveryTimeoutMs: 3_000 })
    cluster.create('t')
    await world.settle(producer.send('t', { value: 'first' }))
    let lost = true
    cluster.on('Produce', async (_call, next) => {
      if (!lost) return undefined
      await next() // it is written, and nobody hears of it
      return 'close'
    })
    const error = await world.fails(producer.send('t', { value: 'doubtful' }))
    expect(error.code).toBe('DELIVERY_TIMED_OUT')
    lost = false
    await world.settle(producer.send('t', { value: 'after' }))
    expect(logOf(cluster)).toEqual(['first', 'doubtful', 'after'])
  })

  it('a batch that is refused gives its numbers back', async () => {
    const { world, cluster, producer } = start()
    cluster.create('t')
    await world.settle(producer.send('t', { value: 'a' }))
    cluster.once('Produce', (call) =>
      answerAll(call, ErrorCode.INVALID_RECORD, {
        recordErrors: [{ batchIndex: 1, batchIndexErrorMessage: 'no key' }],
        errorMessage: 'one is bad',
      }),
    )
    const outcomes = ['x', 'y'].map((value) => world.fails(producer.send('t', { value })))
    const [x, y] = await Promise.all([outcomes[0]!, outcomes[1]!])
    expect(x.message).toMatch(/another record/)
    expect(y).toMatchObject({ code: 'INVALID_RECORD', message: expect.stringContaining('no key') })
    await world.settle(producer.send('t', { value: 'b' }))
    expect(cluster.callsOf('Produce')).toHaveLength(3)
    expect(logOf(cluster)).toEqual(['a', 'b'])
  })

  it('a duplicate that the broker only counts is acknowledged, without an offset', async () => {
    const { world, cluster, producer } = start()
    cluster.create('t')
    cluster.once('Produce', (call) => answerAll(call, ErrorCode.DUPLICATE_SEQUENCE_NUMBER))
    expect(await world.settle(producer.send('t', { value: 'a' }))).toMatchObject({ offset: -1 })
  })

  it('are asked for until a broker gives them', async () => {
    const { world, cluster, producer } = start()
    cluster.create('t')
    cluster.once('InitProducerId', () => 'close')
    cluster.once('InitProducerId', () => ({ errorCode: ErrorCode.COORDINATOR_LOAD_IN_PROGRESS, producerEpoch: 0 }))
    await world.settle(producer.send('t', { value: 'a' }))
    expect(cluster.callsOf('InitProducerId')).toHaveLength(3)
  })

  it('that no broker will give: the reason', async () => {
    const { world, cluster, producer } = start()
    cluster.create('t')
    cluster.on('InitProducerId', () => ({ errorCode: ErrorCode.CLUSTER_AUTHORIZATION_FAILED, producerEpoch: -1 }))
    const error = await world.fails(producer.send('t', { value: 'a' }))
    expect(error).toMatchObject({ code: 'CLUSTER_AUTHORIZATION_FAILED', message: expect.stringContaining('idempotent: false') })
  })
})
