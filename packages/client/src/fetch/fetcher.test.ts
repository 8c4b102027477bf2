import { buildBatch } from '@tidemark/protocol'
import { describe, expect, it } from 'vitest'
import { createKafka } from '../kafka.ts'
import type { Message } from '../messages/message.ts'
import { FakeCluster } from '../testing/cluster.case.ts'
import { World } from '../testing/world.case.ts'
import { Fetcher } from './fetcher.ts'
import type { Delivery, FetcherOptions, FetchProblem, NextPosition } from './types.ts'

const batch = (...values: string[]): Buffer => buildBatch(values.map((v) => ({ key: null, value: Buffer.from(v), timestampMs: 1 })))

function start(nodes = 1, options: FetcherOptions = {}) {
  const world = new World()
  const cluster = new FakeCluster(world, nodes)
  const kafka = createKafka({ brokers: cluster.brokers, platform: world.platform })
  const got: { claim: string; values: string[]; next: number; delivery: Delivery }[] = []
  const problems: { claim: string; problem: FetchProblem }[] = []
  const fetcher = new Fetcher<string>(
    kafka.cluster,
    {
      onRecords: (claim: string, messages: readonly Message[], next: NextPosition, delivery: Delivery) =>
        void got.push({ claim, values: messages.map((m) => String(m.value)), next: next.offset, delivery }),
      onProblem: (claim: string, problem: FetchProblem) => void problems.push({ claim, problem }),
    },
    options,
  )
  const values = () => got.flatMap((g) => g.values)
  return { world, cluster, kafka, fetcher, got, problems, values }
}

describe('a fetcher', () => {
  it('hands out records from the position on, and moves it behind the batch', async () => {
    const { world, cluster, fetcher, got, values } = start()
    cluster.create('t')
    cluster.append('t', 0, batch('a', 'b', 'c'))
    fetcher.add({ topic: 't', partition: 0 }, { offset: 1 }, 'claim')
    await world.run(100)
    expect(values()).toEqual(['b', 'c'])
    expect(got[0]?.next).toBe(3)
    cluster.append('t', 0, batch('d'))
    await world.run(10)
    expect(values()).toEqual(['b', 'c', 'd'])
  })
})
