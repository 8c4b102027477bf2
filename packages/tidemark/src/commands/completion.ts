/** `tidemark completion SHELL`, and `tidemark __complete`, which the scripts ask. */
import { TidemarkError } from '@tidemark/platform'
import { Argument, Command } from 'commander'
import { type Candidates, candidatesFor, type Wanted } from '../completion/candidates.ts'
import { SCRIPTS, type Shell } from '../completion/scripts.ts'
import { EXIT } from '../exit.ts'
import { write } from '../print/output.ts'

export function completionCommand(): Command {
  return new Command('completion')
    .addArgument(new Argument('<SHELL>').choices(Object.keys(SCRIPTS)))
    .addHelpText('after', HELP)
    .action((shell: Shell) => write(SCRIPTS[shell]))
}

const HELP = `
Names of groups and topics are those that the cluster gives within 300 ms of the key, the
start of the program included, or within 100 ms of being asked, if that is later. For
a cluster that is far away TIDEMARK_COMPLETION_MS gives another time.

Examples:
  source <(tidemark completion bash)
  tidemark completion zsh > "\${fpath[1]}/_tidemark"
  tidemark completion fish > ~/.config/fish/completions/tidemark.fish`

/** `load` gives the program with the command that words name. */
export function completeCommand(load: (words: readonly string[]) => Promise<Command>): Command {
  return new Command('__complete')
    .argument('[WORD...]')
    .allowUnknownOption()
    .action(async (words: readonly string[]) => {
      const found = candidatesFor(await load(words.slice(0, -1)), words)
      const names = found.wanted === undefined ? [] : await namesFor(found.wanted, found.typed, words.at(-1) ?? '')
      const last = words.at(-1) ?? ''
      const all = [...found.words, ...names.filter((name) => name.startsWith(last)).sort()]
      await write(all.map((word) => `${word}\n`).join(''))
      // Somebody waits at a prompt: what still connects is not waited for.
      process.exit(EXIT.done)
    })
}

/** A cluster that cannot be reached, or a profile that does not exist, has no names to offer. */
async function namesFor(wanted: Wanted, typed: Candidates['typed'], last: string): Promise<string[]> {
  const { namesOf } = await import('../completion/names.ts')
  try {
    return await namesOf(wanted, typed, last)
  } catch (error) {
    if (error instanceof TidemarkError) return []
    throw error
  }
}
