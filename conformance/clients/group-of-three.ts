/**
 * Another client's group of three, each member a process that prints `partition offset` a record: one dies by SIGKILL,
 * and nothing is lost.
 */
import { createAdmin, createKafka } from '@tidemark/client'
import { start } from '../tools.ts'
import { until } from '../waiting.ts'

export interface GroupOfThree {
  readonly brokers: readonly string[]
  readonly topic: string
  readonly group: string
  /** How the member of this name is started. */
  member(name: string): readonly [program: string, args: readonly string[]]
  /** Writes `count` records into the topic, over all its partitions. */
  produce(): Promise<void>
  readonly count: number
}

export async function groupOfThree({ brokers, topic, group, member, produce, count }: GroupOfThree): Promise<void> {
  await using kafka = createKafka({ brokers })
  const admin = createAdmin(kafka)
  await admin.topics.create(topic, { partitions: 6, replicationFactor: 1 })
  const said = [new Set<string>(), new Set<string>(), new Set<string>()]
  const members = said.map((lines, i) => {
    const child = start(...member(`member-${i}`), { stdio: ['ignore', 'pipe', 'ignore'] })
    let rest = ''
    child.stdout!.on('data', (chunk) => {
      const whole = `${rest}${chunk}`.split('\n')
      rest = whole.pop()!
      for (const line of whole) lines.add(line)
    })
    return child
  })
  try {
    await until('three members share the partitions', async () => {
      const described = await admin.groups.describe(group).catch(() => undefined) // it is unknown until a member joins
      return described?.state === 'Stable' && described.members.length === 3
    })
    await produce()
    await until('each member reads', () => said.every((lines) => lines.size > 0))
    members[0]!.kill('SIGKILL')
    await produce()
    await until(`all ${2 * count} records were read`, () => new Set(said.flatMap((lines) => [...lines])).size === 2 * count)
  } finally {
    for (const child of members) child.kill('SIGKILL')
  }
}
