/** `topic describe | alter | delete | trim`. */

import { type ConfigEntry, createAdmin, type Kafka, TidemarkError } from '@tidemark/client'
import { topicIdText } from '@tidemark/client/internal'
import { groupsLosing } from '@tidemark/offsets'
import { counted } from '@tidemark/platform'
import { Command } from 'commander'
import { type ConfirmOptions, confirmed, withConfirmation } from '../../confirm.ts'
import { type ClusterOptions, connected, connectedToChange, type OutputOptions, withCluster, withOutput } from '../../connection.ts'
import { usage } from '../../exit.ts'
import { printRows, say } from '../../print/print.ts'
import { type Place, placeOf } from '../../records/place.ts'
import { timeOf, timeText } from '../../records/time.ts'
import { INT32_MAX, wholeNumber } from '../../values.ts'
import { changesOf, collect } from '../config-changes.ts'

export const describeCommand = (): Command =>
  withOutput(withCluster(new Command('describe')))
    .argument('<TOPIC>')
    .option('--all', 'the whole configuration')
    .addHelpText('after', '\nExample:\n  tidemark topic describe orders')
    .action(describe)

export const alterCommand = (): Command =>
  withCluster(new Command('alter'))
    .argument('<TOPIC>')
    .option('-p, --partitions <N>', 'number of partitions, all together', wholeNumber('--partitions', 1, INT32_MAX))
    .option('-c, --config <NAME=VALUE>', 'set a configuration; may be given more than once', collect)
    .option('--default <NAME>', 'put a configuration back to its default; may be given more than once', collect)
    .addHelpText('after', ALTER_HELP)
    .action(alter)

export const deleteCommand = (): Command =>
  withConfirmation(withCluster(new Command('delete')))
    .argument('<TOPIC>')
    .addHelpText('after', '\nExample:\n  tidemark topic delete orders --yes')
    .action(remove)

export const trimCommand = (): Command =>
  withConfirmation(withOutput(withCluster(new Command('trim'))))
    .argument('<TOPIC>')
    .requiredOption('--before <PLACE>', 'end for all records, an offset, or a time: @2026-11-22T14:00Z, @-1h')
    .option('-p, --partition <N>', 'one partition (default: all)', wholeNumber('--partition', 0, INT32_MAX))
    .addHelpText('after', TRIM_HELP)
    .action(trim)

const ALTER_HELP = `
Examples:
  tidemark topic alter orders --partitions 12
  tidemark topic alter orders -c retention.ms=86400000 -c cleanup.policy=compact
  tidemark topic alter orders --default retention.ms`

const TRIM_HELP = `
What would go is shown first. Without a terminal nothing is deleted unless --yes.

Examples:
  tidemark topic trim orders --before @-7d
  tidemark topic trim orders --before 1000 --partition 3
  tidemark topic trim orders --before end --yes`

async function describe(name: string, options: ClusterOptions & OutputOptions & { all?: boolean }): Promise<void> {
  await connected(options, async ({ kafka }) => {
    const { topics } = createAdmin(kafka)
    const view = await topics.describe(name)
    const [starts, ends, configs] = await Promise.all([
      topics.offsets(name, 'earliest'),
      topics.offsets(name, 'latest'),
      topics.describeConfigs(name).catch(unlessDenied),
    ])
    const partitions = view.partitions.map(({ partition, leader, replicas, isr }, i) => ({
      partition,
      leader,
      replicas,
      isr,
      start: starts[i]?.offset ?? null,
      end: ends[i]?.offset ?? null,
    }))
    if (configs === null) say(`the configuration of ${name} is not shown: this user may not read it (DESCRIBE_CONFIGS)`)
    const shown = configs?.filter((config) => options.all || isOwn(config)) ?? []
    say(`topic ${name}: ${counted(partitions.length, 'partition')}${view.internal ? ', internal' : ''}`)
    await printRows(
      partitions.map((row) => ({ ...row, replicas: row.replicas.join(','), isr: row.isr.join(',') })),
      { partition: 'PARTITION', leader: 'LEADER', replicas: 'REPLICAS', isr: 'ISR', start: 'START', end: 'END' },
      options.output,
      { data: { topic: name, id: topicIdText(view.id), partitions, configs: configs && shown.map(rowOf) } },
    )
    if (options.output !== 'table') return
    if (shown.length > 0) await printRows(shown.map(rowOf), { name: 'CONFIG', value: 'VALUE', source: 'SOURCE' }, 'table')
  })
}

/** A user that may describe a topic need not be allowed to see its configuration. */
function unlessDenied(error: unknown): null {
  if (error instanceof TidemarkError && error.code === 'TOPIC_AUTHORIZATION_FAILED') return null
  throw error
}

const isOwn = ({ source }: ConfigEntry): boolean => source === 'topic'
const rowOf = ({ name, value, source }: ConfigEntry) => ({ name, value, source })

interface AlterOptions extends ClusterOptions {
  readonly partitions?: number
  readonly config?: readonly string[]
  readonly default?: readonly string[]
}

async function alter(name: string, options: AlterOptions): Promise<void> {
  const changes = changesOf(options.config, options.default)
  if (options.partitions === undefined && Object.keys(changes).length === 0)
    throw usage('nothing to alter: name --partitions, --config or --default')
  await connectedToChange(options, async ({ kafka }) => {
    const { topics } = createAdmin(kafka)
    if (Object.keys(changes).length > 0) {
      await topics.alter(name, changes)
      say(`altered ${counted(Object.keys(changes).length, 'configuration')} of ${name}`)
    }
    if (options.partitions !== undefined) {
      await topics.addPartitions(name, options.partitions)
      say(`${name} has ${counted(options.partitions, 'partition')} now`)
    }
  })
}

async function remove(name: string, options: ClusterOptions & ConfirmOptions): Promise<void> {
  await connectedToChange(options, async ({ kafka }) => {
    const { topics } = createAdmin(kafka)
    const [starts, ends] = await Promise.all([topics.offsets(name, 'earliest'), topics.offsets(name, 'latest')])
    const records = ends.reduce((sum, { offset }, i) => sum + offset - starts[i]!.offset, 0)
    say(`topic ${name}: ${counted(ends.length, 'partition')}, ${counted(records, 'record')} at most`)
    if (!(await confirmed(`delete ${name}?`, options, name))) return
    await topics.delete(name)
    say(`deleted ${name}`)
  })
}

interface TrimOptions extends ClusterOptions, OutputOptions, ConfirmOptions {
  readonly before: string
  readonly partition?: number
}

async function trim(name: string, options: TrimOptions): Promise<void> {
  const before = trimPlaceOf(options.before, Date.now())
  if (before instanceof Date) say(`the time is ${timeText(before)}`)
  await connectedToChange(options, async ({ kafka }) => {
    const { topics } = createAdmin(kafka)
    const only = options.partition === undefined ? {} : { partitions: [options.partition] }
    const starts = await topics.offsets(name, 'earliest', only)
    const ends = await topics.offsets(name, 'latest', only)
    const asked =
      typeof before === 'number'
        ? ends.map((end) => Math.min(before, end.offset))
        : (await topics.offsets(name, before, only)).map(({ offset }) => offset)
    const rows = starts.map(({ partition, offset: start }, i) => {
      const to = Math.max(start, asked[i]!)
      return { partition, start, to, end: ends[i]!.offset as number, deleted: to - start }
    })
    const deleted = rows.reduce((sum, row) => sum + row.deleted, 0)
    // A program gets its rows also where there is nothing to do.
    if (deleted > 0 || options.output !== 'table')
      await printRows(rows, { partition: 'PARTITION', start: 'START', to: 'NEW START', end: 'END', deleted: 'DELETED' }, options.output)
    if (deleted === 0) return say('nothing to delete: every partition begins there already')
    await warnOfReaders(kafka, name, new Map(rows.map(({ partition, to }) => [partition, to])))
    if (!(await confirmed(`delete ${counted(deleted, 'record')} of ${name}?`, options, name))) return
    await topics.deleteRecords(name, Object.fromEntries(rows.map(({ partition, to }) => [partition, to])))
    say(`deleted ${counted(deleted, 'record')} of ${name}`)
  })
}

/** Groups that have not read what would go. */
async function warnOfReaders(kafka: Kafka, topic: string, starts: ReadonlyMap<number, number>): Promise<void> {
  const { losses, unreadable } = await groupsLosing(kafka, topic, starts)
  for (const [group, list] of Map.groupBy(losses, (it) => it.group)) {
    const lost = list.reduce((sum, it) => sum + it.lost, 0)
    say(`warning: group ${group} has not read ${counted(lost, 'record')} of them, in ${counted(list.length, 'partition')}`)
  }
  if (unreadable > 0) say(`warning: ${counted(unreadable, 'group')} could not be read`)
}

/** A time may be written without the `@` of other commands. */
function trimPlaceOf(text: string, nowMs: number): Exclude<Place, 'earliest'> {
  const place = /^\d{4}-/.test(text) ? timeOf('--before', text, nowMs) : placeOf('--before', text, nowMs)
  if (place === 'earliest') throw usage('--before start deletes nothing')
  return place
}
