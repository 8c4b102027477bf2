import { planMove } from '@tidemark/offsets'
import { Command } from 'commander'
import { connected, connectedToChange } from '../../connection.ts'
import { type MoveOptions, withMove } from '../../move/apply-options.ts'
import { perform } from '../../move/perform.ts'
import { type ScopeOptions, scopeOf, withScope } from '../../move/scope.ts'

export function copyCommand(): Command {
  return withMove(withScope(new Command('copy')))
    .argument('<FROM>', 'the group that is copied')
    .argument('<TO>', 'the group that is moved; it is created if it does not exist')
    .addHelpText('after', '\nExample:\n  tidemark offsets copy billing billing-2 --yes')
    .action(copy)
}

async function copy(from: string, group: string, options: MoveOptions & ScopeOptions): Promise<void> {
  const connect = options.dryRun ? connected : connectedToChange
  await connect(options, async ({ kafka }) => {
    const plan = await planMove(kafka, { group, scope: scopeOf(options), target: { kind: 'group', group: from } })
    await perform(kafka, plan, `copy the offsets of ${from} to ${group}?`, options)
  })
}
