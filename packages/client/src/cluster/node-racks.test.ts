import { expect, it } from 'vitest'
import { NodeRacks } from './node-racks.ts'

it('remembers the rack of a node that is down, forgets one that a node has no more, and says what changed', () => {
  const racks = new NodeRacks()
  const a = { nodeId: 1, rack: 'a' }
  const b = { nodeId: 2, rack: 'b' }
  expect(racks.take([a, b, { nodeId: 3, rack: null }])).toBe(true)
  expect([1, 2, 3, 9].map((id) => racks.of(id))).toEqual(['a', 'b', null, null])
  expect(racks.take([a])).toBe(false)
  expect(racks.of(2)).toBe('b')
  expect(racks.take([a, b])).toBe(false)
  expect(racks.take([a, { nodeId: 2, rack: null }])).toBe(true)
  expect(racks.take([{ nodeId: 1, rack: 'c' }])).toBe(true)
  expect([1, 2].map((id) => racks.of(id))).toEqual(['c', null])
})
