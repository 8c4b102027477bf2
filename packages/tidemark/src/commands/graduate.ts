import { type Graduation, type GraduationProgress, graduate, planGraduation } from '@tidemark/offsets'
import { counted, numberText } from '@tidemark/platform'
import { Command } from 'commander'
import { type ConfirmOptions, confirmed, withConfirmation } from '../confirm.ts'
import { type ClusterOptions, connected, connectedToChange, type OutputOptions, withCluster, withOutput } from '../connection.ts'
import { interrupts } from '../interrupts.ts'
import { type OtherClusterOptions, otherCluster, withOtherCluster, withoutCluster } from '../move/other-cluster.ts'
import { printRows, say } from '../print/print.ts'
import { progressBar } from '../print/progress.ts'
import { INT16_MAX, wholeNumber } from '../values.ts'
import { collect } from './config-changes.ts'

export function graduateCommand(): Command {
  return withConfirmation(withOutput(withOtherCluster(withCluster(new Command('graduate')))))
    .option('--topic <TOPIC>', 'this topic alone; may be given more than once (default: all)', collect)
    .option(
      '-r, --replication-factor <N>',
      'replicas of the topics there (default: the default there)',
      wholeNumber('--replication-factor', 1, INT16_MAX),
    )
    .addHelpText('after', HELP)
    .action(run)
}

const HELP = `
Stop producers and consumers first: what is written, or committed, meanwhile ends the
command. The topics must not exist on the other cluster. This cluster is not changed.

Examples:
  tidemark graduate --to-brokers kafka-1:9092,kafka-2:9092
  tidemark graduate --to-profile production --topic orders --replication-factor 3 --yes`

interface GraduateOptions extends ClusterOptions, OutputOptions, ConfirmOptions, OtherClusterOptions {
  readonly topic?: readonly string[]
  readonly replicationFactor?: number
}

async function run(options: GraduateOptions): Promise<void> {
  const other = otherCluster(options)
  const { signal } = interrupts()
  await connected(options, ({ kafka: from }) =>
    connectedToChange(other, async ({ kafka: to }) => {
      const plan = await planGraduation(from, to, options.topic === undefined ? {} : { topics: options.topic })
      await printGraduation(plan, options)
      const named = { ...withoutCluster(options), ...other }
      if (!(await confirmed(`copy ${counted(plan.topics.length, 'topic')} and ${counted(plan.groups.length, 'group')}?`, named))) return
      const { records, moves } = await withProgress(plan, (onProgress) =>
        graduate(from, to, plan, {
          signal,
          ...(options.replicationFactor !== undefined && { replicationFactor: options.replicationFactor }),
          onProgress,
        }),
      )
      say(`copied and compared ${numberText(records)} records; ${counted(moves.length, 'group')} stand where they stood`)
    }),
  )
}

/** Every record is copied, and then compared. */
async function withProgress<T>(
  { topics }: Graduation,
  act: (onProgress: (progress: GraduationProgress) => void) => Promise<T>,
): Promise<T> {
  const all = topics.reduce((sum, { records }) => sum + 2 * records, 0)
  using bar = progressBar(all)
  let done = 0
  const told = tenths(topics)
  return await act(({ topic, step, records }) => {
    done += records
    if (bar === undefined) told(topic, step, records)
    else bar.update(done, `${topic} ${step}`)
  })
}

/** Where there is no bar: a line for each tenth of a topic. */
function tenths(topics: Graduation['topics']): (topic: string, step: string, records: number) => void {
  const totals = new Map(topics.map(({ topic, records }) => [topic, records]))
  const counts = new Map<string, number>()
  return (topic, step, records) => {
    const total = totals.get(topic)!
    const before = counts.get(`${step} ${topic}`) ?? 0
    const count = before + records
    counts.set(`${step} ${topic}`, count)
    const tenthOf = (n: number): number => Math.floor((10 * n) / total)
    if (count < total && tenthOf(count) === tenthOf(before)) return
    say(`${topic}: ${numberText(count)} of ${numberText(total)} records ${step}`)
  }
}

async function printGraduation(plan: Graduation, { output }: GraduateOptions): Promise<void> {
  const rows = plan.topics.map(({ topic, partitions, records, configs, exists }) => ({
    topic,
    partitions,
    records,
    configs: Object.entries(configs)
      .map(([name, value]) => `${name}=${value}`)
      .join(' '),
    exists: exists ? 'exists there' : null,
  }))
  const columns = {
    topic: 'TOPIC',
    partitions: 'PARTITIONS',
    records: 'RECORDS',
    configs: 'CONFIGS',
    ...(plan.topics.some(({ exists }) => exists) && { exists: 'PROBLEM' }),
  }
  await printRows(rows, columns, output, { data: plan })
  for (const { group, places, members, doneAbove } of plan.groups) {
    say(
      `group ${group}: ${counted(places.length, 'partition')}${members > 0 ? `, and ${counted(members, 'member')}: stop them first` : ''}`,
    )
    if (doneAbove > 0) say(`warning: ${counted(doneAbove, 'record')} done above its offsets will be handled again`)
  }
}
