/** Walks the facts for a rule. */
import type { PartitionLag } from '../lag/measure.ts'
import type { ExaminedGroup, Facts } from './facts.ts'
import type { Finding, Severity } from './finding.ts'

/** What a rule says of one partition, without what is the same for all. */
export type Said = Pick<Finding, 'message' | 'command'> | undefined

export function everyPartition(
  { groups }: Facts,
  rule: string,
  severity: Severity,
  say: (partition: PartitionLag, group: ExaminedGroup) => Said,
): Finding[] {
  return groups.flatMap((group) =>
    group.partitions.flatMap((it) => {
      const said = say(it, group)
      return said === undefined ? [] : [{ rule, severity, group: group.group, topic: it.topic, partition: it.partition, ...said }]
    }),
  )
}
