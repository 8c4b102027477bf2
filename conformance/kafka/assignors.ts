/**
 * Who gets what: our assignors beside Kafka's own, with members and replicas in racks (KIP-881). `range` and
 * `roundrobin` give the same partitions to the same members, so that a group of clients of several makes does not
 * change with its leader. `cooperative-sticky` is our own algorithm: what it gives is as even as Kafka's, or more so,
 * and as near.
 */
import path from 'node:path'
import { SeededRandom } from '@tidemark/testing/internal'
import {
  type Assignment,
  comparePartitions,
  isLocal,
  type MemberSubscription,
  type ReplicaRacks,
} from '../../packages/consumer/src/membership/classic/assignors/assignor.ts'
import { type AssignorName, assignors } from '../../packages/consumer/src/membership/classic/assignors/index.ts'
import { equal } from '../report.ts'
import { run } from '../tools.ts'
import { type KafkaVersion, kafkaJars } from './jars.ts'

const CASES = 3_000

interface Case {
  readonly assignor: AssignorName
  readonly members: readonly MemberSubscription[]
  readonly racks: ReplicaRacks
}

export async function partitionsGoToWhomKafkaGivesThem(version: KafkaVersion): Promise<void> {
  const random = new SeededRandom(881)
  const cases = Array.from({ length: CASES }, () => drawn(random))
  const args = ['-Xmx256m', '-XX:TieredStopAtLevel=1', '-cp', kafkaJars(version), path.join(import.meta.dirname, 'Assignors.java')]
  const { code, stdout, stderr } = await run('java', args, cases.map(written).join(''), 120_000)
  if (code !== 0) throw new Error(stderr.slice(-2_000))
  const answers = stdout.trimEnd().split('\n')
  equal(answers.length, CASES)
  for (const [i, line] of answers.entries()) {
    const it = cases[i]!
    const ours = given(it)
    if (it.assignor !== 'cooperative-sticky') {
      equal(spelled(ours), line)
      continue
    }
    const [own, theirs] = [measured(it, ours), measured(it, readBack(line))]
    const isWorse = own.squares > theirs.squares || (own.squares === theirs.squares && own.far > theirs.far)
    if (isWorse)
      throw new Error(`${spelled(ours)} is ${JSON.stringify(own)}, Kafka's ${line} is ${JSON.stringify(theirs)}, of\n${written(it)}`)
  }
}

function drawn(random: SeededRandom): Case {
  const some = <T>(all: readonly T[], chance: number): T[] => all.filter(() => random.chance(chance))
  const inRacks = ['a', 'b', 'c', 'd'].slice(0, 1 + random.below(4))
  const rack = (chance: number): string | undefined => (random.chance(chance) ? inRacks[random.below(inRacks.length)] : undefined)
  const topics = ['s', 't', 'u'].slice(0, 1 + random.below(3))
  const isOneSubscription = random.chance(0.6)
  const areStatic = random.chance(0.3)
  const rackChance = [0, 0.5, 1, 1][random.below(4)]!
  const members = Array.from({ length: 1 + random.below(7) }, (_, i) => {
    const read = isOneSubscription ? topics : some(topics, 0.7)
    return {
      memberId: `m${(i * 7) % 10}-${random.below(1_000)}`,
      groupInstanceId: areStatic && random.chance(0.6) ? `i${random.below(10)}${i}` : undefined,
      topics: read.length > 0 ? read : topics.slice(0, 1),
      owned: [],
      generation: -1,
      rack: rack(rackChance),
    }
  })
  const isSideBySide = random.chance(0.5)
  const count = 1 + random.below(12)
  const replicas = random.chance(0.5) ? 1 : 2
  const racks = new Map(
    topics.map((topic) => {
      const partitions = isSideBySide ? count : 1 + random.below(12)
      return [topic, Array.from({ length: partitions }, () => new Set(Array.from({ length: replicas }, () => rack(0.95)).filter(isGiven)))]
    }),
  )
  return { assignor: (['range', 'range', 'roundrobin', 'cooperative-sticky'] as const)[random.below(4)]!, members, racks }
}

const isGiven = <T>(value: T | undefined): value is T => value !== undefined

const given = ({ assignor, members, racks }: Case): Assignment =>
  assignors[assignor].assign(members, new Map([...racks].map(([topic, of]) => [topic, of.length])), racks)

function written({ assignor, members, racks }: Case): string {
  const lines = [
    ...members.map((m) => `member ${m.memberId} ${m.groupInstanceId ?? '-'} ${m.rack ?? '-'} ${m.topics.join(',')}`),
    ...[...racks].map(([topic, of]) => `topic ${topic} ${of.map((set) => [...set].join('+') || '-').join(',')}`),
  ]
  return `case ${assignor}\n${lines.join('\n')}\nend\n`
}

const spelled = (assignment: Assignment): string =>
  [...assignment]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([id, list]) => {
      const sorted = [...list].sort(comparePartitions)
      return `${id}=${sorted.map((p) => `${p.topic}-${p.partition}`).join(',')}`
    })
    .join(' ')

const readBack = (line: string): Assignment =>
  new Map(
    line.split(' ').map((word) => {
      const [id, list] = word.split('=') as [string, string]
      const names = list === '' ? [] : list.split(',')
      return [id, names.map((name) => ({ topic: name.split('-')[0]!, partition: Number(name.split('-')[1]) }))]
    }),
  )

/** How uneven an assignment is, and how many partitions are not in the rack of their member. */
function measured({ members, racks }: Case, assignment: Assignment): { readonly squares: number; readonly far: number } {
  let squares = 0
  let far = 0
  for (const member of members) {
    const list = assignment.get(member.memberId) ?? []
    squares += list.length ** 2
    far += list.filter((p) => !isLocal(member, racks.get(p.topic)?.[p.partition])).length
  }
  return { squares, far }
}
