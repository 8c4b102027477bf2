/** Racks (KIP-881). `conformance/kafka/assignors.ts` asks Kafka's own class, in thousands of cases. */
import { expect, test } from 'vitest'
import type { MemberSubscription } from './assignor.ts'
import { range } from './range.ts'

const members = (topics: string, racks: Record<string, string | undefined>): MemberSubscription[] =>
  Object.entries(racks).map(([memberId, rack]) => ({
    memberId,
    groupInstanceId: undefined,
    topics: topics.split(' '),
    owned: [],
    generation: -1,
    rack,
  }))

/** `a ab -`: a partition with a replica in rack a, one with two, and one whose replicas have none. */
const racksOf = (text: string): Set<string>[] => text.split(' ').map((of) => new Set(of.replace('-', '')))

function assigned(group: MemberSubscription[], topics: Record<string, string>): Record<string, string> {
  const racks = new Map(Object.entries(topics).map(([topic, text]) => [topic, racksOf(text)]))
  const out = range.assign(group, new Map([...racks].map(([topic, of]) => [topic, of.length])), racks)
  return Object.fromEntries([...out].map(([id, list]) => [id, list.map((p) => `${p.topic}${p.partition}`).join(' ')]))
}

test.each([
  ['near ones first', members('t', { m1: 'a', m2: 'b' }), { t: 'b a b a' }, { m1: 't1 t3', m2: 't0 t2' }],
  ['never more than the run', members('t', { m1: 'a', m2: 'b' }), { t: 'a a a a' }, { m1: 't0 t1', m2: 't2 t3' }],
  ['the odd one where it is near', members('t', { m1: 'a', m2: 'b' }), { t: 'b b a' }, { m1: 't2', m2: 't0 t1' }],
  ['greedily, as Kafka does', members('t', { m1: 'a', m2: 'b' }), { t: 'a ab a b' }, { m1: 't0 t1', m2: 't2 t3' }],
  ['a member without a rack is near to all', members('t', { m1: undefined, m2: 'a' }), { t: 'a b b a' }, { m1: 't0 t1', m2: 't2 t3' }],
  ['without a difference no racks', members('t', { m1: 'b', m2: 'a' }), { t: 'ab ab ab' }, { m1: 't0 t1', m2: 't2' }],
  ['nobody in a rack of replicas', members('t', { m1: 'x', m2: 'y' }), { t: 'a b a' }, { m1: 't0 t1', m2: 't2' }],
  ['replicas without racks', members('t', { m1: 'a', m2: 'b' }), { t: '- a' }, { m1: 't1', m2: 't0' }],
  ['side by side', members('t u', { m1: 'a', m2: 'b' }), { t: 'b a', u: 'b a' }, { m1: 't1 u1', m2: 't0 u0' }],
  ['side by side comes before racks', members('t u', { m1: 'a', m2: 'b' }), { t: 'b a', u: 'a b' }, { m1: 't0 u0', m2: 't1 u1' }],
  ['each alone, of other counts', members('t u', { m1: 'a', m2: 'b' }), { t: 'b a', u: 'a' }, { m1: 't1 u0', m2: 't0' }],
])('%s', (_, group, topics, expected) => {
  expect(assigned(group, topics)).toEqual(expected)
})
