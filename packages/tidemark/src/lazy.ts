/**
 * Commands that are loaded when they are named: modules cost more than anything else at start. A list of commands, in a
 * help or for a shell, needs their names and descriptions alone.
 */
import { Command } from 'commander'

/** The words of a command line from here on, or 'all': every command as a whole. */
export type Wanted = readonly string[] | 'all'

export interface LazyCommand {
  readonly name: string
  readonly description: string
  /** `below` is what is wanted of its own commands. */
  readonly load: (below: Wanted) => Promise<Command>
}

/** The command that the words name is loaded. The others have a name and a description, and cannot be run. */
export async function commandsOf(commands: readonly LazyCommand[], wanted: Wanted): Promise<Command[]> {
  const words = wanted === 'all' ? [] : withoutHelp(wanted)
  return Promise.all(
    commands.map(async ({ name, description, load }) => {
      const isLoaded = wanted === 'all' || words[0] === name
      const command = isLoaded ? await load(wanted === 'all' ? 'all' : words.slice(1)) : new Command(name)
      return command.description(description)
    }),
  )
}

/** A command that has others and does nothing by itself: `tidemark NAME VERB`. */
export function lazyNoun(name: string, verbs: readonly LazyCommand[]): LazyCommand['load'] {
  return async (wanted) => {
    const noun = new Command(name)
    for (const verb of await commandsOf(verbs, wanted)) noun.addCommand(verb)
    return noun
  }
}

/** `help topic` and `-- topic` name the command `topic`. */
function withoutHelp([first, ...others]: readonly string[]): readonly string[] {
  if (first === undefined) return []
  return first === 'help' || first === '--' ? withoutHelp(others) : [first, ...others]
}
