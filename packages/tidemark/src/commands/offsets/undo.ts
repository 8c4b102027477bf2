import path from 'node:path'
import { createAdmin, type Kafka } from '@tidemark/client'
import { lastOutsideMove, type MovePlan, type MoveRecord, MoveStore, planRestore, planUndo, settleMove } from '@tidemark/offsets'
import { counted, TidemarkError } from '@tidemark/platform'
import { Command } from 'commander'
import { connected, connectedToChange } from '../../connection.ts'
import { usage } from '../../exit.ts'
import { type MoveOptions, withMove } from '../../move/apply-options.ts'
import { perform } from '../../move/perform.ts'
import { printRows, say } from '../../print/print.ts'
import { timeOf, timeText } from '../../records/time.ts'

export function undoCommand(): Command {
  return withMove(new Command('undo'))
    .argument('[MOVE]', 'its id, or a part of it (default: the last one of the group)')
    .option('-g, --group <GROUP>', 'the last move of this group')
    .option('--anyone', 'the last commits that were not made by members, whatever tool made them')
    .option('--at <TIME>', 'to where the group stood at a time: 2026-11-22T14:00, -1h')
    .option('--list', 'the moves that are on record, the newest first')
    .addHelpText('after', HELP)
    .action(undo)
}

const HELP = `
A move whose process was killed is found to be done, or not, by reading the group.

Examples:
  tidemark offsets undo --list
  tidemark offsets undo --group billing
  tidemark offsets undo --group billing --anyone
  tidemark offsets undo --group billing --at 2026-11-22T14:05
  tidemark offsets undo 20261122T140000123Z-1f0c9a55 --yes`

interface UndoOptions extends MoveOptions {
  readonly group?: string
  readonly list?: boolean
  readonly anyone?: boolean
  readonly at?: string
}

async function undo(id: string | undefined, options: UndoOptions): Promise<void> {
  // The move may be another group's.
  if (id !== undefined && options.group !== undefined) throw usage('name the move, or the group with --group: not both')
  const store = new MoveStore()
  const connect = options.list || options.dryRun ? connected : connectedToChange
  await connect(options, async ({ kafka }) => {
    const { clusterId } = await createAdmin(kafka).cluster.describe()
    const filter = { clusterId, ...(options.group !== undefined && { group: options.group }) }
    const damaged: string[] = []
    const onDamaged = (file: string, why: string): void => {
      damaged.push(file)
      say(`warning: ${file} is left out: ${why}`)
    }
    const records = await settled(kafka, store, await store.list({ ...filter, onDamaged }))
    if (options.list) return list(records, options)
    if (options.anyone || options.at !== undefined) {
      const plan = await planFromHistory(kafka, id, options)
      return void (await perform(kafka, plan, `bring group ${plan.group} back?`, options))
    }
    const record = id === undefined ? lastOf(records, damaged, options.group) : await settleMove(kafka, await store.get(id), store)
    say(
      `move ${record.id} of group ${record.group}, to ${record.target}, by ${record.user}${record.reason === null ? '' : `: ${record.reason}`}`,
    )
    await perform(kafka, await planUndo(kafka, record), `take back the move of group ${record.group}?`, options)
  })
}

/** From the cluster's own log of commits. */
async function planFromHistory(kafka: Kafka, id: string | undefined, { group, anyone, at }: UndoOptions): Promise<MovePlan> {
  if (id !== undefined || group === undefined || (anyone && at !== undefined))
    throw usage('name the group with --group, and --anyone or --at')
  if (at !== undefined) {
    const time = timeOf('--at', at, Date.now())
    say(`the time is ${timeText(time)}`)
    return planRestore(kafka, group, time)
  }
  const last = await lastOutsideMove(kafka, group)
  if (last === undefined) throw usage(`the log of commits has none of group '${group}' that was not a member's`)
  const isOne = last.partitions.length === 1
  say(`${counted(last.partitions.length, 'partition')} of group ${group} ${isOne ? 'was' : 'were'} moved at ${timeText(last.at)}`)
  return planRestore(kafka, group, new Date(last.at.getTime() - 1), { undoes: last })
}

/** Moves whose end was not written down are looked into now. */
async function settled(kafka: Kafka, store: MoveStore, records: readonly MoveRecord[]): Promise<MoveRecord[]> {
  const all: MoveRecord[] = []
  for (const record of records) {
    const now = await settleMove(kafka, record, store)
    if (record.state === 'applying' && now.state !== 'applying') say(`move ${record.id} had not ended: ${foundText(now)}`)
    all.push(now)
  }
  return all
}

function foundText({ changes }: MoveRecord): string {
  const count = (state: string): number => changes.filter((c) => c.state === state).length
  if (count('done') === changes.length) return 'all of it was done'
  if (count('refused') === changes.length) return 'nothing of it was done'
  const open = count('open')
  return `${counted(count('done'), 'partition')} moved, ${count('refused')} not${open > 0 ? `, ${open} moved on since` : ''}`
}

/** The last one that can be taken back. An undo is taken back by its id. */
function lastOf(records: readonly MoveRecord[], damaged: readonly string[], group: string | undefined): MoveRecord {
  if (group === undefined) throw usage('name the move, or the group with --group; see: tidemark offsets undo --list')
  const last = records.find(
    ({ state, undoes, changes }) => state !== 'undone' && undoes === null && changes.some((c) => c.state !== 'refused'),
  )
  if (last === undefined) throw usage(`no move of group '${group}' is on record on this machine`)
  // Names begin with the time. What an older move replaced is not where the group stood before its last one.
  const newer = damaged.find((file) => path.basename(file, '.json') > last.id)
  if (newer !== undefined) {
    const message = `${newer} cannot be read, and may be a later move of group '${group}': name the move that is to be taken back, as ${last.id}`
    throw new TidemarkError('UNKNOWN_MOVE', message)
  }
  return last
}

async function list(records: readonly MoveRecord[], { output }: UndoOptions): Promise<void> {
  if (records.length === 0 && output === 'table') return say('no moves are on record on this machine')
  const rows = records.map(({ id, group, target, state, user, reason, atMs, changes }) => ({
    move: id,
    time: new Date(atMs).toISOString(),
    group,
    target,
    state,
    partitions: changes.filter((c) => c.state === 'done').length,
    user,
    reason,
  }))
  const columns = { move: 'MOVE', group: 'GROUP', target: 'TO', state: 'STATE', partitions: 'PARTITIONS', user: 'USER', reason: 'REASON' }
  await printRows(rows, columns, output, { data: records, fields: ['move', 'time', ...Object.keys(columns).slice(1)] })
}
