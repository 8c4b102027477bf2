import { type Assignor, emptyAssignment, inOrder, subscribedTopics } from './assignor.ts'

/**
 * All partitions in order, dealt to the members in order, skipping members that do not want the topic
 * (`RoundRobinAssignor`). Racks do not count, as in Kafka's (KIP-881).
 */
export const roundRobin: Assignor = {
  name: 'roundrobin',
  cooperative: false,
  assign(members, partitionCounts) {
    const out = emptyAssignment(members)
    const ordered = inOrder(members)
    let turn = 0
    for (const topic of subscribedTopics(members)) {
      const partitions = partitionCounts.get(topic) ?? 0
      for (let partition = 0; partition < partitions; partition++) {
        while (!ordered[turn % ordered.length]!.topics.includes(topic)) turn++
        out.get(ordered[turn++ % ordered.length]!.memberId)!.push({ topic, partition })
      }
    }
    return out
  },
}
