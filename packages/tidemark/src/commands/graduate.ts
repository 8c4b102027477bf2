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
command. This cluster is not changed.

Run it again after it was interrupted, and it goes on: topics that exist on the other
cluster are compared with those here first, record by record. What is the same is not
copied twice, what is missing is copied behind it, and a topic that differs is named
and nothing is copied. Groups that stand there already are left alone.

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
      const { records, copied } = await withProgress(plan, (onProgress) =>
        graduate(from, to, plan, {
          signal,
          ...(options.replicationFactor !== undefined && { replicationFactor: options.replicationFactor }),
          onProgress,
        }),
      )
      say(`${whatWasDone(records, copied)}; ${counted(plan.groups.length, 'group')} in place`)
    }),
  )
}

function whatWasDone(records: number, copied: number): string {
  if (copied === records) return `copied and compared ${counted(records, 'record')}`
  if (copied === 0) return `compared ${counted(records, 'record')}, which were all there before`
  return `copied ${counted(copied, 'record')}, and compared them and the ${numberText(records - copied)} that were there before`
}

/** Every record is compared, after it was copied if it was not there before. */
async function withProgress<T>(
  { topics }: Graduation,
  act: (onProgress: (progress: GraduationProgress) => void) => Promise<T>,
): Promise<T> {
  const all = topics.reduce((sum, { records, copied }) => sum + records + Math.max(0, records - copied), 0)
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
  const totals = new Map(
    topics.flatMap(({ topic, records, copied }) => [
      [`verified ${topic}`, records],
      [`copied ${topic}`, records - copied],
    ]),
  )
  const counts = new Map<string, number>()
  return (topic, step, records) => {
    const total = totals.get(`${step} ${topic}`)!
    const before = counts.get(`${step} ${topic}`) ?? 0
    const count = before + records
    counts.set(`${step} ${topic}`, count)
    const tenthOf = (n: number): number => Math.floor((10 * n) / total)
    if (count < total && tenthOf(count) === tenthOf(before)) return
    say(`${topic}: ${numberText(count)} of ${numberText(total)} records ${step}`)
  }
}

async function printGraduation(plan: Graduation, { output }: GraduateOptions): Promise<void> {
  const rows = plan.topics.map(({ topic, partitions, records, configs, exists, copied, problem }) => ({
    topic,
    partitions,
    records,
    there: exists ? copied : null,
    configs: Object.entries(configs)
      .map(([name, value]) => `${name}=${value}`)
      .join(' '),
    problem,
  }))
  const columns = {
    topic: 'TOPIC',
    partitions: 'PARTITIONS',
    records: 'RECORDS',
    ...(plan.topics.some(({ exists }) => exists) && { there: 'THERE' }),
    configs: 'CONFIGS',
    ...(plan.topics.some(({ problem }) => problem !== null) && { problem: 'PROBLEM' }),
  }
  await printRows(rows, columns, output, { data: plan })
  for (const { group, places, members, doneAbove } of plan.groups) {
    say(
      `group ${group}: ${counted(places.length, 'partition')}${members > 0 ? `, and ${counted(members, 'member')}: stop them first` : ''}`,
    )
    if (doneAbove > 0) say(`warning: ${counted(doneAbove, 'record')} done above its offsets will be handled again`)
  }
}
