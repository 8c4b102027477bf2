import { buildBatch, ErrorCode } from '@tidemark/protocol'
import { expect, it } from 'vitest'
import { createKafka, handleOf } from '../kafka.ts'
import type { Message } from '../messages/message.ts'
import { FakeCluster } from '../testing/cluster.case.ts'
import { World } from '../testing/world.case.ts'
import { Fetcher } from './fetcher.ts'
import type { Delivery } from './types.ts'

const PARTITIONS = 4
const STEPS = 120

/** Leaders move, connections break, answers are lost, partitions are paused and taken up again, the owner is slow. */
async function disturbed(seed: number, hasSessions: boolean) {
  const world = new World(seed)
  const cluster = new FakeCluster(world, 3)
  cluster.create('t', PARTITIONS)
  const kafka = createKafka({ brokers: cluster.brokers, platform: world.platform, requestTimeoutMs: 2_000 })
  let calm = false
  const chance = (p: number): boolean => !calm && world.next() < p
  const sessions = hasSessions ? cluster.keepFetchSessions() : undefined
  cluster.on('Fetch', async (call, next) => {
    if (chance(0.05)) return 'close'
    if (chance(0.02)) sessions?.get(call.node)?.forget()
    if (chance(0.01)) return 'silent'
    const reply = await next()
    if (chance(0.05)) return 'close'
    for (const p of reply.responses.flatMap((t: any) => t.partitions)) {
      if (chance(0.03)) Object.assign(p, { errorCode: ErrorCode.KAFKA_STORAGE_ERROR, records: Buffer.alloc(0) })
    }
    return reply
  })
  const got: number[][] = Array.from({ length: PARTITIONS }, () => [])
  const positions: number[] = Array.from({ length: PARTITIONS }, () => 0)
  const claims = new Set<object>()
  const problems: Error[] = []
  const owner = {
    onRecords(claim: { partition: number }, messages: readonly Message[], next: { offset: number }, delivery: Delivery): void {
      expect(claims.has(claim), 'a claim that was given up').toBe(true)
      for (const m of messages) got[claim.partition]!.push(Number(String(m.value)))
      positions[claim.partition] = next.offset
      if (chance(0.3)) world.schedule(world.next() * 500, () => delivery.release())
      else delivery.release()
    },
    onProblem(_claim: object, problem: { error: Error }): void {
      problems.push(problem.error)
    },
  }
  const fetcher = new Fetcher(handleOf(kafka).cluster, owner, { partitionBytesMax: 500, bufferBytesMax: 100_000 })
  const held: ({ partition: number } | undefined)[] = []
  const take = (partition: number): void => {
    if (held[partition] !== undefined) claims.delete(held[partition]!)
    held[partition] = { partition }
    claims.add(held[partition]!)
    fetcher.add({ topic: 't', partition }, { offset: positions[partition]!, leaderEpoch: -1 }, held[partition]!)
  }
  for (let p = 0; p < PARTITIONS; p++) take(p)
  const written: number[] = Array.from({ length: PARTITIONS }, () => 0)
  for (let step = 0; step < STEPS; step++) {
    const partition = Math.floor(world.next() * PARTITIONS)
    const values = Array.from({ length: 1 + Math.floor(world.next() * 5) }, () => written[partition]!++)
    cluster.append('t', partition, buildBatch(values.map((v) => ({ key: null, value: Buffer.from(`${v}`), timestampMs: 1 }))))
    const other = Math.floor(world.next() * PARTITIONS)
    const dice = world.next()
    if (dice < 0.06) cluster.moveLeader('t', other, 1 + Math.floor(world.next() * 3))
    else if (dice < 0.09) cluster.disconnectAll()
    else if (dice < 0.2) fetcher.pause({ topic: 't', partition: other })
    else if (dice < 0.5) fetcher.resume({ topic: 't', partition: other })
    else if (dice < 0.56) take(other)
    await world.run(world.next() * 60)
  }
  calm = true
  for (let partition = 0; partition < PARTITIONS; partition++) fetcher.resume({ topic: 't', partition })
  await world.run(20_000)
  expect(problems).toEqual([])
  expect(fetcher.bufferedBytes).toBe(0)
  return { got, written }
}

it.each(Array.from({ length: 30 }, (_, i) => i + 1))(
  'seed %i: every record comes once, in order, to the claim that is there',
  async (seed) => {
    const { got, written } = await disturbed(seed, seed % 3 > 0)
    for (let p = 0; p < PARTITIONS; p++) expect(got[p]).toEqual(Array.from({ length: written[p]! }, (_, i) => i))
  },
)
