/**
 * Writes packages/tidemark/man/tidemark.1 from the commands themselves. `node --conditions=@tidemark/source
 * scripts/man/page.ts` writes it; a test says when it is out of date.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { CONSOLE_TOKEN_VARIABLE } from '../../packages/tidemark/src/commands/console.ts'
import { COMPLETION_VARIABLE } from '../../packages/tidemark/src/completion/names.ts'
import { loadProgram } from '../../packages/tidemark/src/program.ts'
import { PASSWORD_VARIABLE } from '../../packages/tidemark/src/secret.ts'
import { REGISTRY_USER_VARIABLE, REGISTRY_VARIABLE } from '../../packages/tidemark/src/variables.ts'

type Command = Awaited<ReturnType<typeof loadProgram>>
type Option = Command['options'][number]
type Argument = Command['registeredArguments'][number]

const ROOT = path.join(import.meta.dirname, '../..')
const PAGE = path.join(ROOT, 'packages/tidemark/man/tidemark.1')

/** In roff a backslash begins a request, and so does a dot or a quote at the beginning of a line. */
const escaped = (text: string): string =>
  text
    .replaceAll('…', '...')
    .replaceAll('\\', '\\e')
    .replaceAll('-', '\\-')
    .replaceAll(/^([.'])/gm, '\\&$1')

export async function manPage(): Promise<string> {
  const program = await loadProgram('all')
  const { version } = JSON.parse(readFileSync(path.join(ROOT, 'packages/tidemark/package.json'), 'utf8')) as { version: string }
  const lines = [
    `.TH TIDEMARK 1 "" "tidemark ${version}" "User Commands"`,
    '.SH NAME',
    `tidemark \\- ${escaped(program.description())}`,
    '.SH SYNOPSIS',
    '.B tidemark',
    '.I COMMAND',
    '[OPTIONS]',
    '.SH COMMANDS',
    ...program.commands.flatMap((command) => commandLines(command as Command, 'tidemark')),
    '.SH ENVIRONMENT',
    ...ENVIRONMENT.flatMap(([name, text]) => paragraph(name, text)),
    '.SH FILES',
    ...paragraph('$XDG_CONFIG_HOME/tidemark/config.yaml', 'profiles'),
    ...paragraph('$XDG_STATE_HOME/tidemark/moves', 'what moves of offsets have replaced, and audit.jsonl'),
    ...paragraph('$XDG_STATE_HOME/tidemark/bookmarks', 'where groups stood when they were bookmarked'),
    '.SH EXIT STATUS',
    ...EXITS.flatMap(([code, meaning]) => paragraph(code, meaning)),
  ]
  return `${lines.join('\n')}\n`
}

export const writtenManPage = (): string => readFileSync(PAGE, 'utf8')

export const ENVIRONMENT: readonly (readonly [name: string, text: string])[] = [
  ['TIDEMARK_BROKERS', 'brokers of the cluster, host:port,…'],
  ['TIDEMARK_PROFILE', 'a profile, instead of the one in use'],
  [PASSWORD_VARIABLE, 'a password that a command asks for'],
  [CONSOLE_TOKEN_VARIABLE, 'the token of tidemark console'],
  [COMPLETION_VARIABLE, 'how long completion waits for the names of a cluster (300)'],
  [REGISTRY_VARIABLE, 'the schema registry that records are decoded with'],
  [REGISTRY_USER_VARIABLE, 'the user of that registry and its password, name:password'],
  ['NO_COLOR', 'no colours'],
]

const EXITS: readonly (readonly [code: string, meaning: string])[] = [
  ['0', 'done'],
  ['1', 'failed'],
  ['2', 'wrong usage'],
  ['3', 'shown and not done'],
  ['4', 'the group is active'],
  ['5', 'something changed since the plan'],
  ['6', 'a lag is over its limit'],
  ['129, 130, 143', 'ended by SIGHUP, SIGINT, SIGTERM'],
]

function commandLines(command: Command, parent: string): string[] {
  const name = `${parent} ${command.name()}`
  const below = command.commands.flatMap((it) => commandLines(it as Command, name))
  if (below.length > 0) return [`.SS ${escaped(name)}`, escaped(command.description()), ...below]
  const taken = command.registeredArguments.map(argumentText).join(' ')
  const options = command.options.filter(({ hidden }) => !hidden).flatMap((option) => paragraph(option.flags, optionText(option)))
  return [`.SS ${escaped([name, taken].filter(Boolean).join(' '))}`, escaped(command.description()), ...options]
}

function argumentText(argument: Argument): string {
  const text = `${argument.name()}${argument.variadic ? '...' : ''}`
  return argument.required ? text : `[${text}]`
}

function optionText({ description, defaultValue, argChoices }: Option): string {
  const choices = argChoices === undefined ? '' : ` (${argChoices.join(', ')})`
  const isShown = defaultValue !== undefined && typeof defaultValue !== 'boolean' && !description.includes('(default')
  return `${description}${choices}${isShown ? ` (default: ${String(defaultValue)})` : ''}`
}

const paragraph = (term: string, text: string): string[] => ['.TP', `.B ${escaped(term)}`, escaped(text.replaceAll('\n', ' '))]

if (import.meta.main) {
  mkdirSync(path.dirname(PAGE), { recursive: true })
  writeFileSync(PAGE, await manPage())
}
