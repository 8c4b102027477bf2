import { keyOf } from '@tidemark/client/internal'
import { type PositionAt, positionsAt } from '@tidemark/offsets'
import { Command } from 'commander'
import { type ClusterOptions, connected, type OutputOptions, withCluster, withOutput } from '../../connection.ts'
import { printRows, say } from '../../print/print.ts'
import { mustBeSpan, timeOf } from '../../records/time.ts'

interface DiffOptions extends ClusterOptions, OutputOptions {
  readonly from: string
  readonly to?: string
}

export function diffCommand(): Command {
  return withOutput(withCluster(new Command('diff')))
    .argument('<GROUP>')
    .requiredOption('--from <TIME>', 'the earlier time: @2026-11-22T14:00Z, @-1h')
    .option('--to <TIME>', 'the later time (default: now)')
    .addHelpText('after', HELP)
    .action(diff)
}

const HELP = `
Reads __consumer_offsets: see tidemark offsets log --help. A row is bounded where
compaction took out what was committed then: the offset is the first one after it.

Example:
  tidemark offsets diff billing --from @-1h`

async function diff(group: string, options: DiffOptions): Promise<void> {
  const nowMs = Date.now()
  const from = timeOf('--from', options.from, nowMs)
  const to = options.to === undefined ? new Date(nowMs) : timeOf('--to', options.to, nowMs)
  mustBeSpan(from, to)
  await connected(options, async ({ kafka }) => {
    say(`from ${from.toISOString()} to ${to.toISOString()}`)
    const [before, after] = [await positionsAt(kafka, group, from), await positionsAt(kafka, group, to)]
    const rows = changes(before.positions, after.positions)
    if (rows.length === 0 && options.output === 'table') return say('nothing differs')
    const columns = { topic: 'TOPIC', partition: 'PARTITION', from: 'FROM', to: 'TO', change: 'CHANGE', certainty: 'CERTAINTY' }
    await printRows(rows, columns, options.output)
  })
}

function changes(before: readonly PositionAt[], after: readonly PositionAt[]) {
  const earlier = new Map(before.map((it) => [keyOf(it), it]))
  return after.flatMap(({ topic, partition, offset: to, certainty: later }) => {
    const known = earlier.get(keyOf({ topic, partition }))
    const from = known?.offset ?? null
    if (from === to) return []
    const certainty = known?.certainty === 'bounded' || later === 'bounded' ? 'bounded' : 'exact'
    return [{ topic, partition, from, to, change: from === null || to === null ? null : to - from, certainty }]
  })
}
