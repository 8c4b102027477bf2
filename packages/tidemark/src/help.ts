/** `help` as a word: commander's own looks at one word behind it, and does not say which word it does not know. */
import type { Command } from 'commander'

/**
 * `help offsets plan`, `offsets help plan` and `offsets plan --help` are one. A word that no command has is left as the
 * last one: run, it is an unknown command, and the nearest one is named.
 */
export function helpAsked(program: Command, typed: readonly string[]): readonly string[] {
  let command = program
  for (const [i, word] of typed.entries()) {
    // Where no command can follow, `help` is the name of something.
    if (command.commands.length === 0) return typed
    if (word === 'help') return [...typed.slice(0, i), ...helpOf(command, typed.slice(i + 1))]
    const named = commandNamed(command, word)
    if (named === undefined) return typed
    command = named
  }
  return typed
}

/** What shows the help of the command that these words name, from here on. */
function helpOf(command: Command, words: readonly string[]): string[] {
  const [word, ...others] = words
  if (word === undefined || word.startsWith('-') || command.commands.length === 0) return ['--help']
  const named = commandNamed(command, word)
  return named === undefined ? [word] : [word, ...helpOf(named, others)]
}

const commandNamed = (command: Command, word: string): Command | undefined =>
  command.commands.find((it) => it.name() === word || it.aliases().includes(word)) as Command | undefined
