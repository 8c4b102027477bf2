import { ErrorCode } from '@tidemark/protocol'
import { describe, expect, it } from 'vitest'
import { answerAll, headersOf, logOf, numbers, sendNumbers, start } from './producer.case.ts'

describe('what is tried again', () => {
  it.each([1, 5])('stays in order and comes once when every third answer is lost (%i in flight)', async (requestsInFlightMax) => {
    const { world, cluster, producer } = start({}, 1, { requestsInFlightMax })
    cluster.create('t')
    let n = 0
    cluster.on('Produce', async (_call, next) => {
      const reply = await next()
      return ++n % 3 === 0 ? 'close' : reply
    })
    await sendNumbers({ world, producer }, 60)
    expect(logOf(cluster)).toEqual(numbers(60))
    expect(n).toBeGreaterThan(3)
  })

  it('stays in order when one batch is refused for a while and the ones behind it are not', async () => {
    const { world, cluster, producer } = start()
    cluster.create('t')
    await world.settle(producer.send('t', { value: 'first' }))
    let refusals = 3
    cluster.on('Produce', (call) =>
      headersOf(call)[0].baseSequence === 1 && refusals-- > 0 ? answerAll(call, ErrorCode.NOT_ENOUGH_REPLICAS) : undefined,
    )
    await sendNumbers({ world, producer }, 20)
    expect(logOf(cluster)).toEqual(['first', ...numbers(20)])
  })

  it('follows the leader, in order', async () => {
    const { world, cluster, producer } = start({}, 3)
    cluster.create('t')
    const sends: Promise<unknown>[] = []
    for (const value of numbers(60)) {
      sends.push(producer.send('t', { value }))
      await world.run(3)
      if (Number(value) % 10 === 5) cluster.moveLeader('t', 0, 1 + ((Number(value) / 5) % 3))
    }
    await world.settle(Promise.all(sends))
    expect(logOf(cluster)).toEqual(numbers(60))
  })

  it('is given up after deliveryTimeoutMs, with the reason and the doubt', async () => {
    const { world, cluster, producer } = start({ deliveryTimeoutMs: 5_000 })
    cluster.create('t')
    cluster.on('Produce', (call) => answerAll(call, ErrorCode.NOT_ENOUGH_REPLICAS))
    const error = await world.fails(producer.send('t', { value: 'a' }))
    expect(error).toMatchObject({ code: 'DELIVERY_TIMED_OUT', topic: 't', partition: 0, cause: { code: 'NOT_ENOUGH_REPLICAS' } })
    expect(error.message).toMatch(/within 5000 ms.*NOT_ENOUGH_REPLICAS.*may have been written/)
    expect(cluster.callsOf('Produce').length).toBeLessThan(40)
  })

  it('does not hold up other partitions', async () => {
    const { world, cluster, producer } = start()
    cluster.create('t', 2)
    cluster.partition('t', 0).leader = -1
    const stuck = producer.send('t', { value: 'a', partition: 0 })
    stuck.catch(() => {})
    await world.settle(producer.send('t', { value: 'b', partition: 1 }), 1_000)
    cluster.partition('t', 0).leader = 1
    cluster.partition('t', 0).epoch++
    await world.settle(stuck)
  })

  it('without idempotence: one batch of a partition at a time, so order holds', async () => {
    const { world, cluster, producer } = start({ idempotent: false })
    cluster.create('t')
    await world.settle(producer.send('t', { value: 'first' }))
    let n = 0
    cluster.on('Produce', (call) => (++n % 2 === 1 ? answerAll(call, ErrorCode.NOT_ENOUGH_REPLICAS) : undefined))
    await sendNumbers({ world, producer }, 20)
    expect(logOf(cluster)).toEqual(['first', ...numbers(20)])
    expect(cluster.callsOf('InitProducerId')).toEqual([])
  })
})
