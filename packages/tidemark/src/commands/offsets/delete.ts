import { planMove } from '@tidemark/offsets'
import { Command } from 'commander'
import { connected, connectedToChange } from '../../connection.ts'
import { type MoveOptions, withMove } from '../../move/apply-options.ts'
import { perform } from '../../move/perform.ts'
import { type ScopeOptions, scopeOf, withScope } from '../../move/scope.ts'

export function deleteCommand(): Command {
  return withMove(withScope(new Command('delete')))
    .argument('<GROUP>')
    .addHelpText('after', HELP)
    .action(remove)
}

const HELP = `
Of a group that works, the offsets of topics that it does not read can be deleted.

Example:
  tidemark offsets delete billing --topic old-orders`

async function remove(group: string, options: MoveOptions & ScopeOptions): Promise<void> {
  const connect = options.dryRun ? connected : connectedToChange
  await connect(options, async ({ kafka }) => {
    const plan = await planMove(kafka, { group, scope: scopeOf(options), target: { kind: 'delete' } })
    await perform(kafka, plan, `delete these offsets of group ${group}?`, options)
  })
}
