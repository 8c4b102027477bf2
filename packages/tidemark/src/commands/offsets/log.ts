import { type CommitHistoryOptions, commitHistory } from '@tidemark/offsets'
import { counted } from '@tidemark/platform'
import { Command } from 'commander'
import { type ClusterOptions, connected, type OutputOptions, withCluster, withOutput } from '../../connection.ts'
import { usage } from '../../exit.ts'
import { eventText } from '../../history/lines.ts'
import { interrupts } from '../../interrupts.ts'
import { writeBuffered } from '../../print/output.ts'
import { say } from '../../print/print.ts'
import { mustBeSpan, timeOf } from '../../records/time.ts'

interface LogOptions extends ClusterOptions, OutputOptions {
  readonly from?: string
  readonly to?: string
  readonly follow?: boolean
}

export function logCommand(): Command {
  return withOutput(withCluster(new Command('log')))
    .argument('[GROUP...]', 'default: all groups')
    .option('--from <TIME>', 'commits from this time on: @2026-11-22T14:00Z, @-1h')
    .option('--to <TIME>', 'commits before this time')
    .option('-f, --follow', 'wait for new commits at the end')
    .addHelpText('after', HELP)
    .action(log)
}

const HELP = `
Reads __consumer_offsets, which needs the right to READ it. A commit is by a member of
the group, outside (the group had no members: a tool), or transactional; a committed
offset ends by being deleted, or expired. BACK marks one that went back, TO THE END an
outside one that went to the end of the log. Compaction takes old commits away.
'-o json' prints one object a line.

Examples:
  tidemark offsets log billing --from @-1h
  tidemark offsets log --follow`

async function log(groups: string[], options: LogOptions): Promise<void> {
  const { from, to, follow = false, output } = options
  if (follow && to !== undefined) throw usage('--to and --follow exclude each other')
  const nowMs = Date.now()
  const begin = from === undefined ? undefined : timeOf('--from', from, nowMs)
  const end = to === undefined ? undefined : timeOf('--to', to, nowMs)
  if (begin !== undefined && end !== undefined) mustBeSpan(begin, end)
  await connected(options, async ({ kafka, log: retries }) => {
    const { signal } = interrupts()
    const wanted: CommitHistoryOptions = {
      ...(groups.length > 0 && { groups }),
      ...(begin !== undefined && { from: begin }),
      ...(end !== undefined && { to: end }),
      follow,
      signal,
    }
    let count = 0
    if (follow) retries.start()
    try {
      for await (const event of commitHistory(kafka, wanted)) await writeBuffered(eventText(event, output, count++ === 0))
    } catch (error) {
      if (!signal.aborted) throw error
    }
    say(counted(count, 'event'))
  })
}
