/**
 * A fetcher in a world of its own, before brokers that do as they are told, and an owner that writes down what it
 * gets.
 */

import { buildBatch } from '@tidemark/protocol'
import { createKafka, handleOf } from '../kafka.ts'
import type { FetchedMessage } from '../messages/message.ts'
import type { KafkaOptions } from '../options.ts'
import { FakeCluster } from '../testing/cluster.case.ts'
import { World } from '../testing/world.case.ts'
import { Fetcher } from './fetcher.ts'
import type { Delivery, FetcherOptions, FetchProblem, NextPosition } from './types.ts'

export const batch = (...values: string[]): Buffer => buildBatch(values.map((v) => ({ key: null, value: Buffer.from(v), timestampMs: 1 })))
export const T0 = { topic: 't', partition: 0 }
export const T1 = { topic: 't', partition: 1 }

interface Got {
  readonly claim: string
  readonly values: string[]
  readonly next: NextPosition
  readonly messages: readonly FetchedMessage[]
  readonly delivery: Delivery
  readonly atMs: number
}

export function start(nodes = 1, options: FetcherOptions = {}, kafkaOptions: Partial<KafkaOptions> = {}) {
  const world = new World()
  const cluster = new FakeCluster(world, nodes)
  const kafka = createKafka({ brokers: cluster.brokers, platform: world.platform, ...kafkaOptions })
  const got: Got[] = []
  const problems: { claim: string; problem: FetchProblem }[] = []
  let release = true
  const owner = {
    onRecords(claim: string, messages: readonly FetchedMessage[], next: NextPosition, delivery: Delivery): void {
      got.push({ claim, values: messages.map((m) => String(m.value)), next, messages, delivery, atMs: world.monotonic() })
      if (release) delivery.release()
    },
    onProblem: (claim: string, problem: FetchProblem) => void problems.push({ claim, problem }),
    onCrowded: () => void crowded++,
  }
  let crowded = 0
  const fetcher = new Fetcher<string>(handleOf(kafka).cluster, owner, options)
  const values = () => got.flatMap((g) => g.values)
  const hold = () => {
    release = false
  }
  return { world, cluster, kafka, fetcher, got, problems, values, hold, crowdedCount: () => crowded }
}
