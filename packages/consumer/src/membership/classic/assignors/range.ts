import { type Assignor, emptyAssignment, inOrder, subscribedTopics } from './assignor.ts'

/**
 * Topic by topic, each member gets a run of neighbouring partitions; the first ones get the odd partitions
 * (`RangeAssignor`).
 */
export const range: Assignor = {
  name: 'range',
  cooperative: false,
  assign(members, partitionCounts) {
    const out = emptyAssignment(members)
    const ordered = inOrder(members)
    for (const topic of subscribedTopics(members)) {
      const partitions = partitionCounts.get(topic) ?? 0
      const takers = ordered.filter((m) => m.topics.includes(topic))
      const each = Math.floor(partitions / takers.length)
      const odd = partitions % takers.length
      let partition = 0
      takers.forEach((member, i) => {
        const count = each + (i < odd ? 1 : 0)
        for (let n = 0; n < count; n++) out.get(member.memberId)!.push({ topic, partition: partition++ })
      })
    }
    return out
  },
}
