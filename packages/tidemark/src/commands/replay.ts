import { createAdmin, type Kafka } from '@tidemark/client'
import { planReplay, type Replay, watchReplay } from '@tidemark/offsets'
import { counted, nodeClock, numberText, sleep, TidemarkError } from '@tidemark/platform'
import { Command } from 'commander'
import { connected, connectedToChange } from '../connection.ts'
import { interrupts } from '../interrupts.ts'
import { type MoveOptions, mustAccept, withMove } from '../move/apply-options.ts'
import { perform } from '../move/perform.ts'
import { type ScopeOptions, scopeOf, withScope } from '../move/scope.ts'
import { parseTarget } from '../move/target.ts'
import { printRows, say } from '../print/print.ts'
import { progressBar } from '../print/progress.ts'
import { timeText } from '../records/time.ts'

export function replayCommand(): Command {
  return withMove(withScope(new Command('replay')))
    .argument('<GROUP>')
    .requiredOption('--from <TARGET>', 'where to begin: start, N, -N, @TIME, @-1h, group:OTHER or bookmark:NAME')
    .option('--to <TARGET>', 'where to end (default: current, where the group stands)')
    .option('--as <NAME>', 'the name of the fork (default: GROUP.replay-1, or the next one that is free)')
    .option('--no-watch', 'create the fork, and no more')
    .option('--keep', 'do not delete the fork when it is done')
    .addHelpText('after', HELP)
    .action(replay)
}

const HELP = `
Start consumers with the name of the fork as their group. When everything up to the
end is committed, the command says so, waits until they are stopped, and deletes the
fork. Ctrl-C leaves it.

Examples:
  tidemark replay billing --from @-2h --to @-1h
  tidemark replay billing --from bookmark:before-deploy-412 --as billing-again --keep`

interface ReplayOptions extends MoveOptions, ScopeOptions {
  readonly from: string
  readonly to?: string
  readonly as?: string
  readonly watch: boolean
  readonly keep?: boolean
}

async function replay(group: string, options: ReplayOptions): Promise<void> {
  const nowMs = Date.now()
  const [from, to] = [parseTarget('--from', options.from, nowMs), parseTarget('--to', options.to ?? 'current', nowMs)]
  for (const target of [from, to]) if (target.kind === 'time') say(`the time is ${timeText(new Date(target.atMs))}`)
  const { signal } = interrupts()
  const connect = options.dryRun ? connected : connectedToChange
  await connect(options, async ({ kafka }) => {
    const named = options.as === undefined ? {} : { as: options.as }
    const planned = await planReplay(kafka, { group, scope: scopeOf(options), from, to, ...named }, { signal })
    await printRanges(planned, options)
    mustAccept('replay', planned.needs, options.accept)
    const record = await perform(kafka, planned.plan, `create group ${planned.fork}?`, options, { isShown: true })
    if (record === undefined) return
    say(`start consumers with the group ${planned.fork}`)
    if (!options.watch) return
    try {
      await watch(kafka, planned, signal)
      if (options.keep) return say(`everything is done; stop them. The fork stays: tidemark group delete ${planned.fork}`)
      say('everything is done; stop them: the fork is deleted then')
      await deleteWhenEmpty(kafka, planned.fork, signal)
      say(`deleted group ${planned.fork}`)
    } catch (error) {
      if (!(error instanceof TidemarkError) || !signal.aborted) throw error
      throw new TidemarkError('INTERRUPTED', `the fork stays: tidemark group delete ${planned.fork}`, { cause: error })
    }
  })
}

async function printRanges({ fork, ranges, records, plan }: Replay, { output }: ReplayOptions): Promise<void> {
  const rows = ranges.map((range) => ({ group: fork, ...range, records: range.to - range.from }))
  const columns = { topic: 'TOPIC', partition: 'PARTITION', from: 'FROM', to: 'TO', records: 'RECORDS' }
  await printRows(rows, columns, output, { data: { group: fork, ranges, records, plan }, fields: ['group', ...Object.keys(columns)] })
  say(`group ${fork} will handle at most ${numberText(records)} records once more`)
}

async function watch(kafka: Kafka, planned: Replay, signal: AbortSignal): Promise<void> {
  using bar = progressBar(planned.records)
  let told = -1
  for await (const { done, members, reached } of watchReplay(kafka, planned, { signal })) {
    bar?.update(done, counted(members, 'consumer'))
    if (bar !== undefined) continue
    const percent = Math.floor((100 * done) / planned.records)
    if (percent === told && !reached) continue
    told = percent
    say(`${percent} %: ${numberText(done)} of ${numberText(planned.records)} records, ${members} consumers`)
  }
}

const LOOK_EVERY_MS = 500

async function deleteWhenEmpty(kafka: Kafka, fork: string, signal: AbortSignal): Promise<void> {
  const { groups } = createAdmin(kafka)
  for (;;) {
    try {
      return await groups.delete(fork, { signal })
    } catch (error) {
      if (!(error instanceof TidemarkError) || error.code !== 'NON_EMPTY_GROUP') throw error
    }
    await sleep(nodeClock, LOOK_EVERY_MS)
  }
}
