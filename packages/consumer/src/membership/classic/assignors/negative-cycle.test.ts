import fc from 'fast-check'
import { expect, test } from 'vitest'
import { negativeCycle } from './negative-cycle.ts'

const lengthOf = (weights: number[][], cycle: number[]): number =>
  cycle.reduce((sum, node, i) => sum + weights[node]![cycle[(i + 1) % cycle.length]!]!, 0)

/** Whether there is one, by the shortest ways between all nodes (Floyd-Warshall). */
function exists(weights: number[][]): boolean {
  const ways = weights.map((row) => [...row])
  for (const [k, via] of ways.entries())
    for (const from of ways) for (let to = 0; to < from.length; to++) from[to] = Math.min(from[to]!, from[k]! + via[to]!)
  return ways.some((row, i) => row[i]! < 0)
}

test('is found wherever there is one, once round, and only there', () => {
  const weight = fc.oneof(fc.constant(Infinity), fc.integer({ min: -3, max: 9 }))
  const graph = fc
    .integer({ min: 1, max: 6 })
    .chain((n) => fc.array(fc.array(weight, { minLength: n, maxLength: n }), { minLength: n, maxLength: n }))
  fc.assert(
    fc.property(graph, (weights) => {
      for (const [i, row] of weights.entries()) row[i] = Infinity
      const cycle = negativeCycle(weights)
      expect(cycle !== undefined).toBe(exists(weights))
      if (cycle === undefined) return
      expect(lengthOf(weights, cycle)).toBeLessThan(0)
      expect(new Set(cycle).size).toBe(cycle.length)
    }),
    { numRuns: 1_000 },
  )
})
