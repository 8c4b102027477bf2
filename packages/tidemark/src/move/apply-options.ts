/** What `offsets apply`, `move`, `undo` and the others that change offsets have in common. */
import { ACCEPTABLE, type Acceptable } from '@tidemark/offsets'
import { TidemarkError } from '@tidemark/platform'
import type { Command } from 'commander'
import { type ConfirmOptions, withConfirmation } from '../confirm.ts'
import { type ClusterOptions, type OutputOptions, withCluster, withOutput } from '../connection.ts'
import { usage } from '../exit.ts'
import { durationOf } from '../records/time.ts'

export interface MoveOptions extends ClusterOptions, OutputOptions, ConfirmOptions {
  readonly accept?: readonly Acceptable[] | 'all'
  readonly waitEmpty?: number
  readonly ghostCheck?: number
  readonly eject?: boolean
  readonly reason?: string
  readonly execute?: boolean
  readonly dryRun?: boolean
  readonly out?: string
}

export const withMove = (command: Command): Command =>
  withConfirmation(withOutput(withCluster(command)))
    .option('--execute', "as --yes: Kafka's name")
    .option('--dry-run', 'only show the plan: exit code 3')
    .option('--accept <FALLBACKS>', `do it although: ${ACCEPTABLE.join(', ')}; or all of them but progressed`, acceptOf)
    .option('--wait-empty <DURATION>', 'wait so long until the group has no members (15m)', durationOf('--wait-empty'))
    .option(
      '--ghost-check <DURATION>',
      'watch so long for a consumer that is not a member (default: 1s; 0s: not at all)',
      durationOf('--ghost-check'),
    )
    .option('--eject', 'of a group that works: take its members out, move it, and let them join again; needs --accept progressed')
    .option('--reason <TEXT>', 'why, for the record')
    .option('--out <FILE>', 'write the plan to a file, which offsets apply takes')

/** Throws FALLBACK_NOT_ACCEPTED. `what` is `plan` or `replay`. */
export function mustAccept(what: string, needs: readonly Acceptable[], accept: MoveOptions['accept']): void {
  const missing = needs.filter((need) => accept !== 'all' && !accept?.includes(need))
  if (missing.length > 0)
    throw new TidemarkError('FALLBACK_NOT_ACCEPTED', `nothing was changed: the ${what} needs --accept ${missing.join(',')}`)
}

export function acceptOf(text: string): readonly Acceptable[] | 'all' {
  if (text === 'all') return 'all'
  const words = text.split(',').map((word) => word.trim()) as Acceptable[]
  const wrong = words.find((word) => !ACCEPTABLE.includes(word))
  if (wrong !== undefined) throw usage(`--accept has '${wrong}'; it may have ${ACCEPTABLE.join(', ')}, or be all`)
  return words
}
