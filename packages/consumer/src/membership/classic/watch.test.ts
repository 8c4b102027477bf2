import { ManualClock } from '@tidemark/platform/testing'
import { describe, expect, test } from 'vitest'
import { AssignmentWatch, isWhole } from './watch.ts'

const p = (topic: string, ...partitions: number[]) => partitions.map((partition) => ({ topic, partition }))

function watched(topics: Record<string, number>) {
  const sizes = new Map(Object.entries(topics))
  /** By node. */
  const racks = new Map<number, string>()
  const clock = new ManualClock()
  let outdated = 0
  const cluster = {
    topic: (name: string) => ({ partitions: Array.from({ length: sizes.get(name) ?? 0 }, () => ({ replicas: [1, 2] })) }),
    rackOf: (node: number) => racks.get(node) ?? null,
    options: { platform: { clock } },
  } as unknown as ConstructorParameters<typeof AssignmentWatch>[0]
  const watch = new AssignmentWatch(cluster, 800, () => outdated++)
  return { clock, watch, sizes, racks, outdated: () => outdated }
}

describe('a leader that has assigned', () => {
  test('assigns again when a partition that was to move has come to nobody for as long as giving it up may take (seed 3256)', () => {
    const t = watched({ t: 3 })
    t.watch.begin(new Map([['t', 3]]), new Map(), p('t', 0, 1))
    t.clock.advance(799)
    expect(t.outdated()).toBe(0)
    t.clock.advance(1)
    expect(t.outdated()).toBe(1)
  })

  test('waits for nothing when everything has somebody, or the next join has begun', () => {
    const t = watched({ t: 3 })
    t.watch.begin(new Map([['t', 3]]), new Map(), p('t', 0, 1))
    t.watch.end()
    t.watch.begin(new Map([['t', 3]]), new Map(), p('t', 0, 1, 2))
    t.clock.advance(10_000)
    expect(t.outdated()).toBe(0)
  })

  test('assigns again when a topic of any member grew, and only then', () => {
    const t = watched({ mine: 1, theirs: 2, foreign: 1 })
    const counts = new Map([
      ['mine', 1],
      ['theirs', 2],
    ])
    t.watch.begin(counts, new Map(), [...p('mine', 0), ...p('theirs', 0, 1)])
    t.sizes.set('foreign', 9)
    t.watch.clusterChanged()
    expect(t.outdated()).toBe(0)
    t.sizes.set('theirs', 3)
    t.watch.clusterChanged()
    expect(t.outdated()).toBe(1)
  })

  test('assigns again when replicas moved to other racks, where a member says its own', () => {
    const t = watched({ t: 1 })
    t.racks.set(1, 'b').set(2, 'a')
    t.watch.begin(new Map([['t', 1]]), new Map([['t', [new Set(['a', 'b'])]]]), p('t', 0))
    t.watch.clusterChanged()
    expect(t.outdated()).toBe(0)
    t.racks.set(2, 'c')
    t.watch.clusterChanged()
    expect(t.outdated()).toBe(1)
    t.watch.begin(new Map([['t', 1]]), new Map(), p('t', 0))
    t.watch.clusterChanged()
    expect(t.outdated()).toBe(1)
  })

  test('a partition that is not there any more is nobody’s to have', () => {
    expect(isWhole(new Map([['t', 2]]), p('t', 0, 1, 5))).toBe(true)
    expect(isWhole(new Map([['t', 2]]), p('t', 0, 5))).toBe(false)
    expect(isWhole(new Map([['t', 2]]), [...p('t', 0, 0), ...p('gone', 1)])).toBe(false)
  })
})
