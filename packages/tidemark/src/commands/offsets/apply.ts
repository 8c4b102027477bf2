import { parsePlan } from '@tidemark/offsets'
import { Command } from 'commander'
import { connected, connectedToChange } from '../../connection.ts'
import { usage } from '../../exit.ts'
import { textOfInput } from '../../input.ts'
import { type MoveOptions, withMove } from '../../move/apply-options.ts'
import { perform } from '../../move/perform.ts'

export function applyCommand(): Command {
  return withMove(new Command('apply'))
    .argument('[FILE]', '- is stdin')
    .option('--plan-file <FILE>', 'as the argument')
    .addHelpText('after', HELP)
    .action(apply)
}

const HELP = `
Exit code 5: offsets, topics or the log changed since the plan was made, or it is
too old; 4: the group is active. Nothing was changed then.

Examples:
  tidemark offsets apply plan.json
  tidemark offsets apply plan.json --yes --wait-empty 15m --accept no-record-after-time`

async function apply(argument: string | undefined, options: MoveOptions & { planFile?: string }): Promise<void> {
  const file = argument ?? options.planFile
  if (file === undefined || (argument !== undefined && options.planFile !== undefined)) throw usage('name one file of a plan')
  const plan = parsePlan(textOfInput(file), file)
  const connect = options.dryRun ? connected : connectedToChange
  await connect(options, async ({ kafka }) => {
    await perform(kafka, plan, `apply the plan to group ${plan.group}?`, options)
  })
}
