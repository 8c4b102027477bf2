import { planMove } from '@tidemark/offsets'
import { Command } from 'commander'
import { connected, connectedToChange } from '../../connection.ts'
import { type MoveOptions, withMove } from '../../move/apply-options.ts'
import { perform } from '../../move/perform.ts'
import { type WishOptions, wishOf, withWish } from '../../move/wish.ts'

export function moveCommand(): Command {
  return withMove(withWish(new Command('move')))
    .addHelpText('after', HELP)
    .action(move)
}

const HELP = `
The group must have no members. What is replaced is kept: offsets undo brings it
back. Without a terminal nothing is moved unless --yes.

Examples:
  tidemark offsets move billing --to @-1h
  tidemark offsets move billing --to +1 --topic orders:3 --reason 'poison message'
  tidemark offsets move billing --to start --wait-empty 15m --accept progressed --yes
  tidemark offsets move --group billing --all-topics --to-earliest --execute`

async function move(group: string | undefined, options: MoveOptions & WishOptions): Promise<void> {
  const wish = wishOf(group, options)
  const connect = options.dryRun ? connected : connectedToChange
  await connect(options, async ({ kafka }) => {
    await perform(kafka, await planMove(kafka, wish), `move group ${wish.group}?`, options)
  })
}
