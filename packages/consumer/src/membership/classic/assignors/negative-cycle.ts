/**
 * A cycle of negative weight in a graph, if there is one: the nodes in their order, each one's edge leads to the next
 * and the last one's to the first (Bellman-Ford). `weights[a][b]` is the weight of the edge from `a` to `b`; Infinity:
 * there is none. Weights are whole numbers.
 */
export function negativeCycle(weights: readonly (readonly number[])[]): number[] | undefined {
  const size = weights.length
  const costs = new Array<number>(size).fill(0)
  const before = new Array<number>(size).fill(-1)
  let changed = -1
  for (let round = 0; round < size; round++) {
    changed = -1
    for (let a = 0; a < size; a++) {
      for (let b = 0; b < size; b++) {
        const cost = costs[a]! + weights[a]![b]!
        if (cost >= costs[b]!) continue
        costs[b] = cost
        before[b] = a
        changed = b
      }
    }
    if (changed === -1) return undefined
  }
  // After as many steps back as there are nodes one is in the cycle.
  let node = changed
  for (let i = 0; i < size; i++) node = before[node]!
  const cycle = [node]
  for (let at = before[node]!; at !== node; at = before[at]!) cycle.push(at)
  return cycle.reverse()
}
