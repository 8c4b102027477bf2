import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type Assignment, isLocal, type MemberSubscription, type ReplicaRacks, type TopicPartition } from './assignor.ts'
import { cooperativeSticky } from './cooperative-sticky.ts'

interface Group {
  readonly members: readonly MemberSubscription[]
  readonly racks: ReplicaRacks
}

const countsOf = ({ racks }: Group): Map<string, number> => new Map([...racks].map(([topic, of]) => [topic, of.length]))
const assign = (group: Group): Assignment => cooperativeSticky.assign(group.members, countsOf(group), group.racks)
const owning = ({ members, racks }: Group, assignment: Assignment, generation: number): Group => ({
  members: members.map((m) => ({ ...m, owned: assignment.get(m.memberId)!, generation })),
  racks,
})
const sizeOf = (assignment: Assignment): number => [...assignment.values()].reduce((sum, list) => sum + list.length, 0)

/** How uneven it is, and how many partitions are far from their member. */
function measured({ members, racks }: Group, assignment: Assignment): [squares: number, far: number] {
  const isFar = (m: MemberSubscription, p: TopicPartition): boolean => !isLocal(m, racks.get(p.topic)![p.partition])
  const lists = members.map((m) => [m, assignment.get(m.memberId)!] as const)
  return [
    lists.reduce((sum, [, list]) => sum + list.length ** 2, 0),
    lists.reduce((sum, [m, list]) => sum + list.filter((p) => isFar(m, p)).length, 0),
  ]
}

/** The least of both, by trying every assignment. */
function best(group: Group): [squares: number, far: number] {
  const partitions = [...group.racks].flatMap(([topic, of]) => of.map((_, partition) => ({ topic, partition })))
  const lists = new Map(group.members.map((m) => [m.memberId, [] as TopicPartition[]]))
  let least: [number, number] = [Infinity, Infinity]
  const from = (i: number): void => {
    if (i === partitions.length) {
      const [squares, far] = measured(group, lists)
      if (squares < least[0] || (squares === least[0] && far < least[1])) least = [squares, far]
      return
    }
    const takers = group.members.filter((m) => m.topics.includes(partitions[i]!.topic))
    if (takers.length === 0) from(i + 1)
    for (const { memberId } of takers) {
      lists.get(memberId)!.push(partitions[i]!)
      from(i + 1)
      lists.get(memberId)!.pop()
    }
  }
  from(0)
  return least
}

const rack = fc.constantFrom(undefined, 'a', 'b', 'c')
const groups = (topicsOfMembers: fc.Arbitrary<string[]>, membersMax: number, partitionsMax: number): fc.Arbitrary<Group> => {
  const replicas = fc.array(fc.uniqueArray(fc.constantFrom('a', 'b', 'c'), { maxLength: 2 }), { maxLength: partitionsMax })
  const member = fc.record({ rack, topics: topicsOfMembers })
  return fc
    .record({ members: fc.array(member, { minLength: 1, maxLength: membersMax }), t: replicas, u: replicas })
    .map(({ members, t, u }) => ({
      members: members.map((m, i) => ({ ...m, memberId: `m${i}`, groupInstanceId: undefined, owned: [], generation: -1 })),
      racks: new Map([
        ['t', t.map((of) => new Set(of))],
        ['u', u.map((of) => new Set(of))],
      ]),
    }))
}
const same: fc.Arbitrary<string[]> = fc.constant(['t', 'u'])
const any = fc.subarray(['t', 'u'], { minLength: 1 })

describe('cooperative-sticky with racks', () => {
  test.each([
    ['of the same topics', same],
    ['of any topics', any],
  ])('is as even as can be, and of those as near as can be, in a group %s', (_, topics) => {
    fc.assert(
      fc.property(groups(topics, 4, 3), (group) => {
        expect(measured(group, assign(group))).toEqual(best(group))
      }),
      { numRuns: 300 },
    )
  })

  test.each([
    ['of the same topics', same],
    ['of any topics', any],
  ])('a group %s that owns what it was given is given the same; one that changed comes to rest after two rounds', (_, topics) => {
    fc.assert(
      fc.property(groups(topics, 7, 12), fc.nat(6), (group, gone) => {
        const settled = owning(group, assign(group), 1)
        expect(assign(settled)).toEqual(assign(group))
        // A member leaves, and another one comes who is elsewhere.
        const left = settled.members.filter((_, i) => i !== gone % group.members.length)
        const come: MemberSubscription = { ...group.members[0]!, memberId: 'new', rack: 'b', owned: [] }
        const changed = { ...group, members: [...left, come] }
        const first = owning(changed, assign(changed), 2)
        const second = assign(first)
        for (const { memberId, owned } of first.members) expect(second.get(memberId)).toEqual(expect.arrayContaining([...owned]))
        expect(sizeOf(second)).toBe(sizeOf(assign({ ...changed, members: changed.members.map((m) => ({ ...m, owned: [] })) })))
        expect(measured(changed, second)).toEqual(
          measured(changed, assign({ ...changed, members: changed.members.map((m) => ({ ...m, owned: [] })) })),
        )
      }),
      { numRuns: 300 },
    )
  })

  test('members of one kind keep what they own, and a partition leaves its owner for a near member alone', () => {
    const member = (memberId: string, in_: string, ...owned: number[]): MemberSubscription => ({
      memberId,
      groupInstanceId: undefined,
      topics: ['t'],
      owned: owned.map((partition) => ({ topic: 't', partition })),
      generation: 1,
      rack: in_,
    })
    const racks = new Map([['t', ['a', 'a', 'a', 'a', 'b', 'b'].map((of) => new Set([of]))]])
    const out = assign({ members: [member('x', 'a', 3, 1), member('y', 'a', 0, 4), member('z', 'b', 2, 5)], racks })
    const numbers = Object.fromEntries([...out].map(([id, list]) => [id, list.map((p) => p.partition)]))
    expect(numbers).toEqual({ x: [1, 3], y: [0], z: [5] })
  })

  test('groups of 200 members in 8 racks with 4,000 partitions, of one subscription and of four, are done in time', () => {
    const racks = new Map(
      ['t', 'u', 'v', 'w'].map((topic, t) => [
        topic,
        Array.from({ length: 1_000 }, (_, p) => new Set([`r${(p * p + t) % 7}`, `r${(p * 3) % 8}`])),
      ]),
    )
    for (const subscriptions of [1, 4]) {
      const members = Array.from({ length: 200 }, (_, i) => ({
        memberId: `m${i}`,
        groupInstanceId: undefined,
        topics: ['t', 'u', 'v', 'w'].slice(0, 4 - (i % subscriptions)),
        owned: [],
        generation: -1,
        rack: `r${i % 8}`,
      }))
      const [squares] = measured({ members, racks }, assign({ members, racks }))
      expect(squares).toBe(200 * 20 ** 2)
    }
  })
})
