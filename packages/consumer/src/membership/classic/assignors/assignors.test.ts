import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Assignment, MemberSubscription, TopicPartition } from './assignor.ts'
import { cooperativeSticky } from './cooperative-sticky.ts'
import { assignors } from './index.ts'
import { range } from './range.ts'
import { roundRobin } from './round-robin.ts'

const member = (memberId: string, topics: string[], owned: TopicPartition[] = [], generation = -1): MemberSubscription => ({
  memberId,
  groupInstanceId: undefined,
  topics,
  owned,
  generation,
})
const spelled = (assignment: Assignment): Record<string, string[]> =>
  Object.fromEntries([...assignment].map(([m, list]) => [m, list.map((p) => `${p.topic}${p.partition}`)]))
const of = (topic: string, ...partitions: number[]): TopicPartition[] => partitions.map((partition) => ({ topic, partition }))

describe('range', () => {
  test('gives runs of partitions topic by topic, the odd ones to the first members', () => {
    const assignment = range.assign(
      [member('b', ['t', 'u']), member('a', ['t', 'u'])],
      new Map([
        ['t', 3],
        ['u', 3],
      ]),
    )
    expect(spelled(assignment)).toEqual({ a: ['t0', 't1', 'u0', 'u1'], b: ['t2', 'u2'] })
  })
})

describe('roundrobin', () => {
  test('deals all partitions in order and skips members that do not want the topic', () => {
    const assignment = roundRobin.assign(
      [member('a', ['t']), member('b', ['t', 'u'])],
      new Map([
        ['t', 3],
        ['u', 2],
      ]),
    )
    expect(spelled(assignment)).toEqual({ a: ['t0', 't2'], b: ['t1', 'u0', 'u1'] })
  })
})

describe('cooperative-sticky', () => {
  test('a partition that moves belongs to nobody until its owner has let it go', () => {
    const counts = new Map([['t', 4]])
    const first = cooperativeSticky.assign([member('a', ['t'], of('t', 0, 1, 2, 3), 1), member('b', ['t'])], counts)
    expect(first.get('a')).toHaveLength(2)
    expect(first.get('b')).toEqual([])
    const second = cooperativeSticky.assign([member('a', ['t'], [...first.get('a')!], 2), member('b', ['t'], [], 2)], counts)
    expect(second.get('a')).toEqual(first.get('a'))
    expect(second.get('b')).toHaveLength(2)
  })

  test('what a member of an older generation owns and nobody disputes is given to nobody else before it has let go', () => {
    const assignment = cooperativeSticky.assign([member('a', ['t'], of('t', 0, 1), 6), member('b', ['t'], [], 7)], new Map([['t', 2]]))
    expect(spelled(assignment)).toEqual({ a: ['t0'], b: [] })
  })

  test('what a member of an older generation says it owns is not believed against a newer one (KIP-792)', () => {
    const assignment = cooperativeSticky.assign(
      [member('a', ['t'], of('t', 0, 1), 5), member('late', ['t'], of('t', 0), 3)],
      new Map([['t', 2]]),
    )
    expect([...assignment.get('a')!, ...assignment.get('late')!].filter((p) => p.partition === 0)).toHaveLength(1)
    expect(assignment.get('late')).toEqual([])
  })

  test('a partition that two members of one generation claim is believed of neither', () => {
    const assignment = cooperativeSticky.assign([member('a', ['t'], of('t', 0), 3), member('b', ['t'], of('t', 0), 3)], new Map([['t', 1]]))
    expect([...assignment.values()].flat()).toEqual(of('t', 0))
  })

  test('members that leave hand their partitions to those with the fewest, and nobody else moves', () => {
    const counts = new Map([['t', 6]])
    const assignment = cooperativeSticky.assign([member('a', ['t'], of('t', 0, 1), 1), member('b', ['t'], of('t', 2, 3), 1)], counts)
    expect(assignment.get('a')).toEqual(expect.arrayContaining(of('t', 0, 1)))
    expect(assignment.get('b')).toEqual(expect.arrayContaining(of('t', 2, 3)))
    expect(assignment.get('a')).toHaveLength(3)
  })
})

describe('every assignor', () => {
  const subscriptions = fc
    .uniqueArray(fc.string({ minLength: 1, maxLength: 3 }), { minLength: 1, maxLength: 5 })
    .chain((ids) => fc.tuple(...ids.map((id) => fc.subarray(['t', 'u', 'v'], { minLength: 1 }).map((topics) => member(id, topics)))))
  const counts = fc.record({ t: fc.nat(7), u: fc.nat(7), v: fc.nat(7) }).map((c) => new Map(Object.entries(c)))

  test.each(Object.values(assignors))(
    '$name gives each partition to exactly one member that wants it, the same for any order of members',
    (assignor) => {
      fc.assert(
        fc.property(subscriptions, counts, (members, partitions) => {
          const assignment = assignor.assign(members, partitions)
          const given = [...assignment].flatMap(([id, list]) => list.map((p) => ({ id, ...p })))
          const wanted = [...partitions].filter(([topic]) => members.some((m) => m.topics.includes(topic)))
          expect(given).toHaveLength(wanted.reduce((sum, [, count]) => sum + count, 0))
          expect(new Set(given.map((p) => `${p.topic}${p.partition}`)).size).toBe(given.length)
          for (const p of given) expect(members.find((m) => m.memberId === p.id)!.topics).toContain(p.topic)
          expect(spelled(assignor.assign([...members].reverse(), partitions))).toEqual(
            Object.fromEntries([...members].reverse().map((m) => [m.memberId, spelled(assignment)[m.memberId]])),
          )
        }),
        { numRuns: 200 },
      )
    },
  )

  test('cooperative-sticky settles: with everybody saying what they got, a second round moves nothing and is even to one', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 6 }), fc.nat(20), fc.nat(20), (count, partitions, generation) => {
        const counts = new Map([['t', partitions]])
        let members = Array.from({ length: count }, (_, i) => member(`m${i}`, ['t'], [], generation))
        let assignment = cooperativeSticky.assign(members, counts)
        members = members.map((m) => ({ ...m, owned: assignment.get(m.memberId)! }))
        const again = cooperativeSticky.assign(members, counts)
        expect(spelled(again)).toEqual(spelled(assignment))
        assignment = again
        const sizes = [...assignment.values()].map((list) => list.length)
        expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThanOrEqual(1)
      }),
    )
  })
})
