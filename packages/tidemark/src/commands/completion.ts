/** `tidemark completion SHELL`, and `tidemark __complete`, which the scripts ask. */
import { TidemarkError } from '@tidemark/platform'
import { Argument, Command } from 'commander'
import { candidatesFor } from '../completion/candidates.ts'
import { namesOf } from '../completion/names.ts'
import { SCRIPTS, type Shell } from '../completion/scripts.ts'
import { write } from '../print/output.ts'

export function completionCommand(): Command {
  return new Command('completion')
    .description('Prints a script for a shell that completes commands, options, groups and topics.')
    .addArgument(new Argument('<SHELL>').choices(Object.keys(SCRIPTS)))
    .addHelpText('after', HELP)
    .action((shell: Shell) => write(SCRIPTS[shell]))
}

const HELP = `
Names of groups and topics are asked of the cluster, for 300 ms at most.

Examples:
  source <(tidemark completion bash)
  tidemark completion zsh > "\${fpath[1]}/_tidemark"
  tidemark completion fish > ~/.config/fish/completions/tidemark.fish`

/** `load` gives the program with the command of this name, or with all of them. */
export function completeCommand(load: (name: string | undefined) => Promise<Command>): Command {
  return new Command('__complete')
    .argument('[WORD...]')
    .allowUnknownOption()
    .action(async (words: readonly string[]) => {
      const found = candidatesFor(await load(words.length > 1 ? words[0] : undefined), words)
      const names = found.wanted === undefined ? [] : await namesOf(found.wanted, found.typed).catch(unlessRefused)
      const last = words.at(-1) ?? ''
      const all = [...found.words, ...names.filter((name) => name.startsWith(last)).sort()]
      await write(all.map((word) => `${word}\n`).join(''))
    })
}

/** A cluster that cannot be reached, or a profile that does not exist, has no names to offer. */
function unlessRefused(error: unknown): string[] {
  if (error instanceof TidemarkError) return []
  throw error
}
