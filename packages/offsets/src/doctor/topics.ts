/** Topics that a group has left, that are gone, or of which it has only a part. */
import { counted } from '@tidemark/platform'
import { shellWord } from '@tidemark/platform/shell-word'
import type { ExaminedGroup, Facts } from './facts.ts'
import { type Finding, moveCommand } from './finding.ts'

const deleteCommand = (group: string, topic: string): string => `tidemark offsets delete ${shellWord(group)} --topic ${shellWord(topic)}`
const committedTopics = ({ partitions }: ExaminedGroup): string[] => [
  ...new Set(partitions.filter(({ committed }) => committed !== null).map(({ topic }) => topic)),
]

/** Its lag grows, and counts in every sum. Members of which the subscription is not known may read it. */
export function unsubscribed({ groups }: Facts): Finding[] {
  return groups.flatMap((group) => {
    const { members } = group
    if (members.length === 0 || members.some(({ subscription }) => subscription === null)) return []
    const read = new Set(members.flatMap(({ subscription }) => subscription!))
    return committedTopics(group)
      .filter((topic) => !read.has(topic))
      .map((topic) => ({
        rule: 'unsubscribed',
        severity: 'warning',
        group: group.group,
        topic,
        partition: null,
        message: `offsets of ${topic} are committed, and no member subscribes to it: its lag only grows`,
        command: deleteCommand(group.group, topic),
      }))
  })
}

/** A member with `auto.offset.reset=latest` that takes it over begins at its end. */
export function withoutCommit({ groups }: Facts): Finding[] {
  return groups.flatMap(({ group, uncommitted }) =>
    uncommitted.map(({ topic, partition, records }) => ({
      rule: 'without-commit',
      severity: 'warning',
      group,
      topic,
      partition,
      message: `nothing is committed here, beside other partitions of ${topic}: with auto.offset.reset=latest its ${counted(records, 'record')} would be skipped`,
      command: moveCommand(group, topic, partition, 'start'),
    })),
  )
}

/** One for each topic. */
export function deletedTopic({ groups }: Facts): Finding[] {
  return groups.flatMap((group) => {
    const gone = new Set(group.partitions.filter(({ error }) => error?.code === 'UNKNOWN_TOPIC').map(({ topic }) => topic))
    return [...gone].map((topic) => ({
      rule: 'deleted-topic',
      severity: 'warning',
      group: group.group,
      topic,
      partition: null,
      message: `offsets of ${topic} are committed, and the topic does not exist`,
      command: deleteCommand(group.group, topic),
    }))
  })
}
