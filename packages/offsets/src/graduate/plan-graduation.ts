/**
 * What would be copied from one cluster to another: topics with their configurations and records, and the places of
 * groups.
 */
import { type CallLimits, createAdmin, type Kafka, type TopicPartition } from '@tidemark/client'
import { checkedLimits, keyOf, LIMIT_NAMES } from '@tidemark/client/internal'
import { checkName, checkOptions, counted, TidemarkError } from '@tidemark/platform'
import type { Place } from '../moves/place.ts'
import { doneAboveOf } from '../plan/change.ts'
import { committedBy, groupFacts, logsOf } from '../plan/gather.ts'
import { inLanes, type NextLimits, shrinking } from '../read/limits.ts'
import { listGroups } from '../read/list-groups.ts'

export interface GraduationOptions extends CallLimits {
  /** Default: all but the internal ones. */
  readonly topics?: readonly string[]
}

export interface GraduatingTopic {
  readonly topic: string
  readonly partitions: number
  /** What differs from the defaults of this cluster. */
  readonly configs: Readonly<Record<string, string>>
  /** Offsets in the logs: at most so many records. */
  readonly records: number
  /** By partition. */
  readonly ends: readonly number[]
  /** It exists on the other cluster: what is there is compared first, and completed. */
  readonly exists: boolean
  /** Records that are there already. */
  readonly copied: number
  /** Why it cannot be a copy that was interrupted: nothing is copied then. */
  readonly problem: string | null
}

export interface GraduatingGroup {
  readonly group: string
  readonly members: number
  readonly places: readonly (TopicPartition & Place)[]
  /**
   * Records done above the committed offsets: they are handled again, since the note of them belongs to this cluster's
   * topics.
   */
  readonly doneAbove: number
}

export interface Graduation {
  readonly topics: readonly GraduatingTopic[]
  readonly groups: readonly GraduatingGroup[]
}

const AT_ONCE = 8

/** Rejects with `TidemarkError` UNKNOWN_TOPIC, NOTHING_TO_DO, INVALID_OPTION, or what the limits bring. */
export async function planGraduation(from: Kafka, to: Kafka, options: GraduationOptions = {}): Promise<Graduation> {
  checkOptions<GraduationOptions>('planGraduation()', options, { ...LIMIT_NAMES, topics: true })
  for (const [i, name] of (options.topics ?? []).entries()) checkName(`topics[${i}]`, name)
  const limits = shrinking(from, checkedLimits(options))
  const admin = createAdmin(from)
  const views = (await admin.topics.list(limits())).filter(({ name, internal }) => !internal && (options.topics?.includes(name) ?? true))
  const missing = options.topics?.find((name) => !views.some((view) => view.name === name))
  if (missing !== undefined) throw new TidemarkError('UNKNOWN_TOPIC', `topic '${missing}' does not exist; check the name`)
  if (views.length === 0) throw new TidemarkError('NOTHING_TO_DO', 'the cluster has no topics')
  const there = new Map((await createAdmin(to).topics.list(limits())).map((view) => [view.name, view.partitions.length]))
  const topics = await inLanes(views, AT_ONCE, async ({ name, partitions }): Promise<GraduatingTopic> => {
    const all = partitions.map(({ partition }) => ({ topic: name, partition }))
    const [logs, configs] = await Promise.all([logsOf(from, all, limits()), admin.topics.describeConfigs(name, limits())])
    const own = configs.filter(({ source, value }) => source === 'topic' && value !== null)
    const topic = {
      topic: name,
      partitions: partitions.length,
      configs: Object.fromEntries(own.map((config) => [config.name, config.value!])),
      records: recordsIn(logs),
      ends: all.map((where) => logs.get(keyOf(where))!.end),
    }
    return { ...topic, ...(await copyOf(to, topic, there.get(name), limits)) }
  })
  const names = new Set(topics.map(({ topic }) => topic))
  const listed = (await listGroups(from, limits())).filter(({ kind }) => kind !== 'share')
  const groups = await inLanes(listed, AT_ONCE, async ({ group }): Promise<GraduatingGroup> => {
    const [{ members }, committed] = await Promise.all([groupFacts(from, group, limits()), committedBy(from, group, limits())])
    const places = [...committed.values()].filter(({ topic }) => names.has(topic))
    return { group, members, places, doneAbove: places.reduce((sum, place) => sum + doneAboveOf(place), 0) }
  })
  return { topics, groups: groups.filter(({ places }) => places.length > 0) }
}

const recordsIn = (logs: Awaited<ReturnType<typeof logsOf>>): number =>
  [...logs.values()].reduce((sum, { start, end }) => sum + end - start, 0)

type ThisSide = Pick<GraduatingTopic, 'topic' | 'partitions' | 'configs'>
type ThatSide = Pick<GraduatingTopic, 'exists' | 'copied' | 'problem'>

async function copyOf(
  to: Kafka,
  { topic, partitions, configs }: ThisSide,
  there: number | undefined,
  limits: NextLimits,
): Promise<ThatSide> {
  if (there === undefined) return { exists: false, copied: 0, problem: null }
  const all = Array.from({ length: there }, (_, partition) => ({ topic, partition }))
  const [logs, found] = await Promise.all([logsOf(to, all, limits()), createAdmin(to).topics.describeConfigs(topic, limits())])
  const exists = { exists: true, copied: recordsIn(logs) }
  if (there !== partitions) return { ...exists, problem: `it has ${counted(there, 'partition')} there, and ${partitions} here` }
  for (const [name, value] of Object.entries(configs)) {
    const other = found.find((config) => config.name === name)?.value ?? null
    if (other !== value) return { ...exists, problem: `its ${name} is ${other ?? 'not set'} there, and ${value} here` }
  }
  return { ...exists, problem: null }
}
