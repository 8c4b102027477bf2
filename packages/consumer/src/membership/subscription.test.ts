import type { TopicView } from '@tidemark/client/internal'
import { TidemarkError } from '@tidemark/platform'
import { ManualClock } from '@tidemark/platform/testing'
import { ErrorCode } from '@tidemark/protocol'
import { expect, test } from 'vitest'
import { selectionOf, type TopicSelection } from '../selection.ts'
import { turn } from '../testing/scripted-cluster.case.ts'
import { Subscription } from './subscription.ts'

const PARTITION = { partition: 0, leader: 1, leaderEpoch: 0, replicas: [1], isr: [1] }
const view = (name: string, more: Partial<TopicView> = {}): TopicView => ({
  name,
  id: '0'.repeat(32),
  errorCode: 0,
  internal: false,
  partitions: [PARTITION],
  ...more,
})

function scene(...topics: TopicSelection[]) {
  const clock = new ManualClock()
  const told: string[] = []
  const scene = { answer: (): readonly TopicView[] => [], looks: 0, told, clock }
  const cluster = {
    allTopics: async () => {
      scene.looks++
      return scene.answer()
    },
  }
  const subscription = new Subscription(
    topics.map((given) => ({ topics: selectionOf(given) })),
    cluster,
    clock,
    10_000,
    {
      changed: () => told.push('changed'),
      unmatched: (pattern) => told.push(`nothing matches ${pattern}`),
      failing: (error, attempts) => told.push(`${error.code} ${attempts}`),
      failed: (error) => told.push(`failed ${(error as Error).message}`),
    },
  )
  return Object.assign(scene, {
    subscription,
    async later(ms: number) {
      clock.advance(ms)
      await turn()
    },
  })
}

test('without a pattern nothing is looked for', () => {
  const s = scene('a', ['b', 'c'])
  expect(s.subscription.start()).toBeUndefined()
  expect([s.subscription.topics, s.looks]).toEqual([['a', 'b', 'c'], 0])
})

test('topics that match come and go with each look; internal ones never do', async () => {
  const s = scene('orders.named', /^(orders\.|__)/)
  s.answer = () => [view('orders.b'), view('orders.a'), view('orders.named'), view('other'), view('__consumer_offsets', { internal: true })]
  await s.subscription.start()
  expect(s.subscription.topics).toEqual(['orders.named', 'orders.a', 'orders.b'])
  await s.later(10_000)
  expect([s.looks, s.told]).toEqual([2, ['changed']])
  s.answer = () => [view('orders.a'), view('orders.c')]
  await s.later(10_000)
  expect(s.subscription.topics).toEqual(['orders.named', 'orders.a', 'orders.c'])
  expect(s.told).toEqual(['changed', 'changed'])
})

test('a pattern that matches nothing is told once, and again after it did', async () => {
  const s = scene(/^t/)
  s.answer = () => [view('other'), view('t.internal', { internal: true })]
  await s.subscription.start()
  await s.later(10_000)
  expect(s.told).toEqual(['nothing matches /^t/'])
  s.answer = () => [view('t1')]
  await s.later(10_000)
  s.answer = () => []
  await s.later(10_000)
  expect(s.told).toEqual(['nothing matches /^t/', 'changed', 'changed', 'nothing matches /^t/'])
})

test('an error of a topic is no news of it, and is told', async () => {
  const s = scene(/^t/)
  s.answer = () => [view('t1')]
  await s.subscription.start()
  const errorCode = ErrorCode.LEADER_NOT_AVAILABLE
  s.answer = () => [view('t1', { errorCode, partitions: [] }), view('t2', { errorCode, partitions: [] })]
  await s.later(10_000)
  await s.later(2_000)
  expect([s.subscription.topics, s.told]).toEqual([['t1'], ['changed', 'LEADER_NOT_AVAILABLE 1', 'LEADER_NOT_AVAILABLE 2']])
})

test('a look that fails leaves the topics, is told, and is repeated soon; what no retry fixes ends the run', async () => {
  const s = scene(/^t/)
  s.answer = () => [view('t1')]
  await s.subscription.start()
  s.answer = () => {
    throw new TidemarkError('UNREACHABLE', 'no broker')
  }
  await s.later(10_000)
  await s.later(2_000)
  expect([s.subscription.topics, s.told, s.looks]).toEqual([['t1'], ['changed', 'UNREACHABLE 1', 'UNREACHABLE 2'], 3])
  s.answer = () => {
    throw new TidemarkError('CLUSTER_AUTHORIZATION_FAILED', 'no')
  }
  await s.later(2_000)
  expect(s.told.at(-1)).toBe('failed no')
})

test('after a stop nothing is looked for, and what was asked before changes nothing', async () => {
  const s = scene(/^t/)
  const first = s.subscription.start()
  s.answer = () => [view('t1')]
  s.subscription.stop()
  await first
  await s.later(60_000)
  expect([s.looks, s.told, s.subscription.topics]).toEqual([1, [], []])
})
