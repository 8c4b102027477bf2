/** What can follow on a command line: read off the commands themselves, so that nothing is listed twice. */
import type { Command, Option } from 'commander'

/** A name that only the cluster or the user's files know. */
export type Wanted = 'group' | 'topic' | 'profile' | 'bookmark' | 'target'

export interface Candidates {
  readonly words: readonly string[]
  readonly wanted: Wanted | undefined
  /** The options that were typed with a value, by their long names: where the names are asked for. */
  readonly typed: Readonly<Record<string, string>>
}

const OF_ARGUMENTS: Readonly<Record<string, Wanted>> = { GROUP: 'group', FROM: 'group', TOPIC: 'topic' }
/** A NAME is of what its command is about. */
const NAMES: Readonly<Record<string, Wanted>> = { profile: 'profile', bookmark: 'bookmark' }
const OF_OPTIONS: Readonly<Record<string, Wanted>> = {
  '--group': 'group',
  '--topic': 'topic',
  '--profile': 'profile',
  '--to-profile': 'profile',
}
/** Where a move goes: these, `group:NAME` and `bookmark:NAME`. */
const TARGETS = ['start', 'end', 'current', 'group:', 'bookmark:']

/** `words` are those behind `tidemark`; the last one is the one that is being typed, and may be empty. */
export function candidatesFor(program: Command, words: readonly string[]): Candidates {
  const last = words.at(-1) ?? ''
  let command = program
  const typed: Record<string, string> = {}
  let argumentsSeen = 0
  let open: Option | undefined
  for (const word of words.slice(0, -1)) {
    if (open !== undefined) {
      typed[open.long ?? word] = word
      open = undefined
      continue
    }
    const option = command.options.find(({ long, short }) => word === long || word === short)
    if (option !== undefined) {
      if (option.required || option.optional) open = option
      continue
    }
    const sub = command.commands.find((it) => it.name() === word || it.aliases().includes(word))
    if (sub !== undefined) command = sub as Command
    else if (!word.startsWith('-')) argumentsSeen++
  }
  if (open !== undefined) {
    if (open.flags.includes('<TARGET>')) return { words: starting(TARGETS, last), wanted: 'target', typed }
    return { words: starting(open.argChoices ?? [], last), wanted: OF_OPTIONS[open.long ?? ''], typed }
  }
  if (last.startsWith('-')) {
    const names = command.options.filter(({ hidden }) => !hidden).map(({ long, short }) => long ?? short!)
    return { words: starting([...names, '--help'], last), wanted: undefined, typed }
  }
  const names = command.commands.filter((it) => !(it as Command & { _hidden?: boolean })._hidden).map((it) => it.name())
  const declared = command.registeredArguments
  const argument = declared[argumentsSeen] ?? (declared.at(-1)?.variadic ? declared.at(-1) : undefined)
  return { words: starting([...names, ...(argument?.argChoices ?? [])], last), wanted: wantedBy(command, argument?.name()), typed }
}

/** A profile that is added, and a bookmark that is set, may have any name. */
function wantedBy(command: Command, argument: string | undefined): Wanted | undefined {
  if (argument === 'NAME') return /^(add|set)$/.test(command.name()) ? undefined : NAMES[command.parent?.name() ?? '']
  return argument === undefined ? undefined : OF_ARGUMENTS[argument]
}

const starting = (words: readonly string[], text: string): string[] => words.filter((word) => word.startsWith(text))
