import { setTimeout as pause } from 'node:timers/promises'
import type { Kafka } from '@tidemark/client'
import { isLost } from '@tidemark/client/internal'
import { type GroupLag, LagMeter } from '@tidemark/offsets'
import { isLoopback } from '@tidemark/platform'
import { Command, Option } from 'commander'
import { type ClusterOptions, connected, type OutputOptions, withCluster, withOutput } from '../connection.ts'
import { EXIT, usage } from '../exit.ts'
import { interrupts } from '../interrupts.ts'
import { LAG_FIELDS, type LagView, lagTable } from '../lag/lag-table.ts'
import { liveText, sampleText } from '../lag/samples.ts'
import { serveMetrics } from '../lag/serve.ts'
import { exceeded, type Thresholds, thresholdsOf } from '../lag/thresholds.ts'
import { NO_GROUPS } from '../print/group-table.ts'
import { outputWidth, write } from '../print/output.ts'
import { printRows, say } from '../print/print.ts'
import { addressOf } from '../values.ts'
import { collect } from './config-changes.ts'

interface LagOptions extends ClusterOptions, OutputOptions {
  readonly watch?: string | true
  readonly failOver?: readonly string[]
  readonly serve?: string | true
  readonly by?: LagView
}

const WATCH_SECONDS = 2
const METRICS_ADDRESS = '127.0.0.1:9308'

export function lagCommand(): Command {
  return withOutput(withCluster(new Command('lag')))
    .argument('[GROUP...]', 'default: all groups')
    .addOption(
      new Option('--by <WHAT>', 'a row a group, or a partition (default: partitions of one group)').choices(['group', 'partition']),
    )
    .option('-w, --watch [SECONDS]', `measure again and again, every ${WATCH_SECONDS} s or as given, with rates`)
    .option('--fail-over <LIMIT>', 'end with exit code 6 if a lag is over this: messages (1000) or time (5m); may be given twice', collect)
    .option('--serve [HOST:PORT]', `answer Prometheus at /metrics, on ${METRICS_ADDRESS} or as given`)
    .addHelpText('after', HELP)
    .action(lag)
}

const HELP = `
LAG counts the offsets from the committed one to the end of the log. OPEN leaves out
those that are done above the committed offset. AGE is the time since the next unread
record was written, SPAN the time from it to the last record, ETA when the group has
caught up at the rates that --watch measures, RUNWAY when retention deletes the next
unread record. A time is exact unless it begins with ≤, ≥ (a bound) or ~ (an
estimate); '-' is not known, or never. '-o json' says why.

Examples:
  tidemark lag
  tidemark lag billing --watch
  tidemark lag billing --fail-over 5m --fail-over 10000 || echo too late
  tidemark lag --serve 127.0.0.1:9308`

async function lag(groups: string[], options: LagOptions): Promise<void> {
  const thresholds = thresholdsOf(options.failOver)
  const everyMs = watchMs(options.watch)
  if (options.serve !== undefined) {
    if (everyMs !== undefined || options.failOver !== undefined || options.by !== undefined)
      throw usage('--serve excludes --watch, --fail-over and --by')
    return serve(groups, options)
  }
  const view = options.by ?? (groups.length === 1 ? 'partition' : 'group')
  await connected(options, async ({ kafka, log }) => {
    const meter = new LagMeter(kafka)
    const sample = (): Promise<readonly GroupLag[]> => meter.sample(groups.length === 0 ? undefined : groups)
    const first = await sample()
    if (everyMs === undefined) return printOnce(first, view, options, thresholds)
    log.start()
    await watch({ first, sample, everyMs, view, thresholds, output: options.output })
  })
}

function watchMs(watch: string | true | undefined): number | undefined {
  if (watch === undefined) return undefined
  const seconds = watch === true ? WATCH_SECONDS : /^\d+(\.\d+)?$/.test(watch) ? Number(watch) : Number.NaN
  if (!(seconds >= 0.1 && seconds <= 86_400)) throw usage(`--watch is '${watch}'; write seconds, from 0.1 to 86400, and groups before it`)
  return seconds * 1_000
}

async function printOnce(groups: readonly GroupLag[], view: LagView, { output }: LagOptions, thresholds: Thresholds): Promise<void> {
  if (groups.length === 0 && output === 'table') return say(NO_GROUPS)
  const { rows, columns } = lagTable(groups, view)
  await printRows(rows, columns, output, { data: groups, fields: LAG_FIELDS[view] })
  judge(groups, thresholds)
}

/** True: a lag is over its limit, which is said, and ends the command. */
function judge(groups: readonly GroupLag[], thresholds: Thresholds): boolean {
  const over = exceeded(groups, thresholds)
  for (const line of over) say(line)
  if (over.length > 0) process.exitCode = EXIT.overThreshold
  return over.length > 0
}

interface Watch {
  readonly first: readonly GroupLag[]
  readonly everyMs: number
  readonly view: LagView
  readonly thresholds: Thresholds
  readonly output: OutputOptions['output']
  sample(): Promise<readonly GroupLag[]>
}

/** Until a signal, or a lag over its limit. On a terminal the table is drawn again in its place. */
async function watch({ first, sample, everyMs, view, thresholds, output }: Watch): Promise<void> {
  const { signal } = interrupts()
  const isLive = output === 'table' && process.stdout.isTTY
  let isFirst = true
  for (let groups: readonly GroupLag[] | undefined = first; ; groups = await sampled(sample)) {
    if (groups !== undefined) {
      await write(
        isLive
          ? liveText(groups, view, { rows: process.stdout.rows || undefined, columns: outputWidth() })
          : sampleText(groups, view, output, isFirst),
      )
      isFirst = false
      if (judge(groups, thresholds)) return
    }
    try {
      await pause(everyMs, undefined, { signal })
    } catch (error) {
      if (!signal.aborted) throw error
      return
    }
  }
}

/** Undefined, and said: the cluster cannot be reached now, and may come back. */
async function sampled(sample: () => Promise<readonly GroupLag[]>): Promise<readonly GroupLag[] | undefined> {
  try {
    return await sample()
  } catch (error) {
    if (!isLost(error)) throw error
    say(`the lag cannot be measured now: ${error.message}`)
    return undefined
  }
}

async function serve(groups: readonly string[], options: LagOptions): Promise<void> {
  const address = addressOf(options.serve === true || options.serve === undefined ? METRICS_ADDRESS : options.serve)
  await connected(options, async ({ kafka, log }: { kafka: Kafka; log: { start(): void } }) => {
    const { signal } = interrupts({ isUsualEnd: true })
    const meter = new LagMeter(kafka)
    const sample = (): Promise<readonly GroupLag[]> => meter.sample(groups.length === 0 ? undefined : groups)
    await sample()
    log.start()
    const { server, url } = await serveMetrics(address, sample)
    if (!isLoopback(address.host)) say(`warning: anyone who reaches ${address.host} can read the names of groups and topics`)
    await write(`${url}\n`)
    await new Promise<void>((resolve) => {
      if (signal.aborted) resolve()
      signal.addEventListener('abort', () => resolve(), { once: true })
    })
    server.close()
    server.closeAllConnections()
  })
}
