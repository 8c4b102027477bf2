import { planMove } from '@tidemark/offsets'
import { Command } from 'commander'
import { connected, connectedToChange } from '../../connection.ts'
import { type MoveOptions, withMove } from '../../move/apply-options.ts'
import { perform } from '../../move/perform.ts'
import { type ScopeOptions, scopeOf, withScope } from '../../move/scope.ts'
import { listOf } from '../../move/wish.ts'

export function importCommand(): Command {
  return withMove(withScope(new Command('import')))
    .argument('<GROUP>')
    .argument(
      '<FILE>',
      "JSON of offsets export, Kafka's CSV (topic,partition,offset or group,topic,partition,offset), or rpk's; - is stdin",
    )
    .addHelpText('after', HELP)
    .action(importOffsets)
}

const HELP = `
Of a file that names groups, those lines count that name this one.

Examples:
  tidemark offsets import billing billing.json
  tidemark offsets import billing offsets.csv --topic orders --yes`

async function importOffsets(group: string, file: string, options: MoveOptions & ScopeOptions): Promise<void> {
  const offsets = listOf(file, group)
  const connect = options.dryRun ? connected : connectedToChange
  await connect(options, async ({ kafka }) => {
    const plan = await planMove(kafka, { group, scope: scopeOf(options), target: { kind: 'list', offsets } })
    await perform(kafka, plan, `move group ${group} to where ${file} says?`, options)
  })
}
