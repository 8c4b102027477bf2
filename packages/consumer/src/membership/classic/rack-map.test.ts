import type { Cluster, TopicView } from '@tidemark/client/internal'
import { expect, test } from 'vitest'
import { haveSameRacks, RackMap } from './rack-map.ts'

const view = (...replicas: number[][]) => ({ partitions: replicas.map((of) => ({ replicas: of })) }) as unknown as TopicView
const racks = (...of: string[][]) => new Map([['t', of.map((some) => new Set(some))]])

test('remembers the rack of a node that is down, and forgets the rack that a node has no more', () => {
  let nodes: { nodeId: number; rack: string | null }[] = [
    { nodeId: 1, rack: 'a' },
    { nodeId: 2, rack: 'b' },
    { nodeId: 3, rack: null },
  ]
  const cluster = { nodes: () => nodes, topic: () => view([1, 2], [3], [1, 9]) } as unknown as Cluster
  const map = new RackMap(cluster)
  expect(map.of(['t'])).toEqual(racks(['a', 'b'], [], ['a']))
  nodes = [{ nodeId: 1, rack: 'a' }]
  expect(map.of(['t'])).toEqual(racks(['a', 'b'], [], ['a']))
  nodes = [
    { nodeId: 1, rack: 'c' },
    { nodeId: 2, rack: null },
  ]
  expect(map.of(['t'])).toEqual(racks(['c'], [], ['c']))
})

test('racks are the same in whatever order, and not when one is more, fewer or another', () => {
  expect(haveSameRacks(racks(['a', 'b'], []), racks(['b', 'a'], []))).toBe(true)
  for (const other of [racks(['a'], []), racks(['a', 'b', 'c'], []), racks(['a', 'c'], []), racks(['a', 'b']), new Map()])
    expect(haveSameRacks(racks(['a', 'b'], []), other)).toBe(false)
})
