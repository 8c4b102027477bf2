import { type TranslationProgress, translateGroup } from '@tidemark/offsets'
import { counted, numberText } from '@tidemark/platform'
import { Command } from 'commander'
import { connected, connectedToChange } from '../../connection.ts'
import { type MoveOptions, withMove } from '../../move/apply-options.ts'
import { type OtherClusterOptions, otherCluster, withOtherCluster, withoutCluster } from '../../move/other-cluster.ts'
import { perform } from '../../move/perform.ts'
import { printRows, say } from '../../print/print.ts'
import { type ProgressBar, progressBar } from '../../print/progress.ts'

export function translateCommand(): Command {
  return withOtherCluster(withMove(new Command('translate')))
    .argument('<GROUP>')
    .option('--topic-prefix <TEXT>', 'what the names of topics begin with there: us-west. for MirrorMaker 2')
    .option('--as <GROUP>', "the group's name there (default: the same)")
    .addHelpText('after', HELP)
    .action(translate)
}

const HELP = `
The other cluster has copies of the topics, made by whatever replicator: the order
of the records in each partition, and their keys, values, headers and times are what
is compared. With --dry-run the plan is an audit of what the group has there already:
SKIPPED is what it would handle twice, AGAIN what it would miss.

Examples:
  tidemark offsets translate billing --to-profile standby --dry-run
  tidemark offsets translate billing --to-brokers kafka-2:9092 --topic-prefix us-west. --yes`

interface TranslateOptions extends MoveOptions, OtherClusterOptions {
  readonly topicPrefix?: string
  readonly as?: string
}

async function translate(group: string, options: TranslateOptions): Promise<void> {
  const { topicPrefix = '', as = group } = options
  const other = otherCluster(options)
  const connect = options.dryRun ? connected : connectedToChange
  await connected(options, ({ kafka: from }) =>
    connect(other, async ({ kafka: to }) => {
      const { translations, plan } = await withProgress((onProgress) =>
        translateGroup(from, to, group, { topicOf: (topic) => `${topicPrefix}${topic}`, as, onProgress }),
      )
      if (options.output === 'table') {
        const columns = {
          topic: 'TOPIC',
          partition: 'PARTITION',
          offset: 'OFFSET',
          targetTopic: 'THERE',
          targetOffset: 'OFFSET-THERE',
          certainty: 'CERTAINTY',
          repeated: 'REPEATED',
        }
        await printRows(
          translations.map((it) => ({ ...it })),
          columns,
          'table',
        )
      }
      const unknown = translations.filter(({ targetOffset }) => targetOffset === null).length
      if (unknown > 0)
        say(`warning: ${numberText(unknown)} of ${counted(translations.length, 'partition')} were not found there: they are left out`)
      await perform(to, plan, `put group ${as} there?`, { ...withoutCluster(options), ...other })
    }),
  )
}

/** Partitions that were compared: a bar, and where there is none a line for each tenth of many. */
async function withProgress<T>(act: (onProgress: (progress: TranslationProgress) => void) => Promise<T>): Promise<T> {
  let bar: ProgressBar | undefined
  try {
    return await act(({ topic, partition, done, total }) => {
      if (done === 1) bar = progressBar(total)
      if (bar !== undefined) bar.update(done, `compared ${topic}-${partition}`)
      else if (total >= MANY && tenthOf(done, total) > tenthOf(done - 1, total))
        say(`compared ${numberText(done)} of ${counted(total, 'partition')}`)
    })
  } finally {
    bar?.[Symbol.dispose]()
  }
}

const MANY = 20
const tenthOf = (done: number, total: number): number => Math.floor((10 * done) / total)
