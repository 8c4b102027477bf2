import type { Cluster, TopicView } from '@tidemark/client/internal'
import { expect, test } from 'vitest'
import { haveSameRacks, replicaRacks } from './replica-racks.ts'

const view = (...replicas: number[][]) => ({ partitions: replicas.map((of) => ({ replicas: of })) }) as unknown as TopicView
const racks = (...of: string[][]) => new Map([['t', of.map((some) => new Set(some))]])

test('a replica on a node that has no rack counts nowhere, and a topic that is not known has no partitions', () => {
  const cluster: Pick<Cluster, 'topic' | 'rackOf'> = {
    topic: (name) => (name === 't' ? view([1, 2], [3], [1, 3]) : undefined),
    rackOf: (node) => ['a', 'b'][node - 1] ?? null,
  }
  expect(replicaRacks(cluster, ['t'])).toEqual(racks(['a', 'b'], [], ['a']))
  expect(replicaRacks(cluster, ['u'])).toEqual(new Map([['u', []]]))
})

test('racks are the same in whatever order, and not when one is more, fewer or another', () => {
  expect(haveSameRacks(racks(['a', 'b'], []), racks(['b', 'a'], []))).toBe(true)
  for (const other of [racks(['a'], []), racks(['a', 'b', 'c'], []), racks(['a', 'c'], []), racks(['a', 'b']), new Map()])
    expect(haveSameRacks(racks(['a', 'b'], []), other)).toBe(false)
})
