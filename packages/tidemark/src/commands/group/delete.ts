import { planMove } from '@tidemark/offsets'
import { Command } from 'commander'
import { connected, connectedToChange } from '../../connection.ts'
import { type MoveOptions, withMove } from '../../move/apply-options.ts'
import { perform } from '../../move/perform.ts'
import { say } from '../../print/print.ts'

export const deleteCommand = (): Command =>
  withMove(new Command('delete'))
    .argument('<GROUP>')
    .addHelpText('after', '\nExample:\n  tidemark group delete billing --yes')
    .action(remove)

async function remove(group: string, options: MoveOptions): Promise<void> {
  const connect = options.dryRun ? connected : connectedToChange
  await connect(options, async ({ kafka }) => {
    const plan = await planMove(kafka, { group, scope: 'all', target: { kind: 'delete', group: true } })
    const record = await perform(kafka, plan, `delete group ${group}?`, options)
    if (record !== undefined) say(`deleted group ${group}`)
  })
}
