/** The commands of `tidemark`, put together. */
import { readFileSync } from 'node:fs'
import { Command } from 'commander'

const version = (): string => JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')).version

const HELP = `
Examples:
  tidemark demo                             kills consumers and the broker
  tidemark up                               a broker on 127.0.0.1:9092
  tidemark topic create orders
  tidemark produce orders                   lines from stdin
  tidemark consume orders --group billing
  tidemark group describe billing
  tidemark lag billing --watch              in messages and in time

Exit codes: 0 done, 1 failed, 2 wrong usage, 3 shown and not done, 4 the group is active,
5 something changed since the plan, 6 a lag is over its limit, 130 after Ctrl-C, 143 after
SIGTERM, 129 after SIGHUP.`

export const program = new Command('tidemark')
  .description('Keeps your place in Kafka: a broker, and tools for topics, groups and offsets.')
  .version(version())
  .exitOverride()
  .configureOutput({
    writeErr: (text) => process.stderr.write(text),
    outputError: (text, print) => print(oneLine(text)),
  })
  .addHelpText('after', HELP)

/** Each in a module of its own, loaded when it is named: modules cost more than anything else at start. */
const commands: Readonly<Record<string, () => Promise<Command>>> = {
  up: async () => (await import('./commands/up.ts')).upCommand(),
  demo: async () => (await import('./commands/demo.ts')).demoCommand(),
  topic: async () => (await import('./commands/topic.ts')).topicCommand(),
  group: async () => (await import('./commands/group.ts')).groupCommand(),
  lag: async () => (await import('./commands/lag.ts')).lagCommand(),
  peek: async () => (await import('./commands/peek.ts')).peekCommand(),
  doctor: async () => (await import('./commands/doctor.ts')).doctorCommand(),
  offsets: async () => (await import('./commands/offsets.ts')).offsetsCommand(),
  replay: async () => (await import('./commands/replay.ts')).replayCommand(),
  graduate: async () => (await import('./commands/graduate.ts')).graduateCommand(),
  config: async () => (await import('./commands/config.ts')).configCommand(),
  acl: async () => (await import('./commands/acl.ts')).aclCommand(),
  user: async () => (await import('./commands/user.ts')).userCommand(),
  profile: async () => (await import('./commands/profile.ts')).profileCommand(),
  produce: async () => (await import('./commands/produce.ts')).produceCommand(),
  consume: async () => (await import('./commands/consume.ts')).consumeCommand(),
  console: async () => (await import('./commands/console.ts')).consoleCommand(),
  completion: async () => (await import('./commands/completion.ts')).completionCommand(),
}

/** Sub-commands report errors as the program does: commander copies neither setting by itself. */
export function inheriting(command: Command): Command {
  command.copyInheritedSettings(program)
  for (const sub of command.commands) inheriting(sub as Command)
  return command
}

/** Commander's `error: unknown command 'sing'\n(Did you mean …?)`. */
const oneLine = (text: string): string =>
  `${text
    .trim()
    .replace(/^error: /, 'tidemark: ')
    .replaceAll(/\s*\n\s*/g, ' ')} (see --help)\n`

/** The program with the command of this name, or with all of them. */
export async function loadProgram(named: string | undefined): Promise<Command> {
  const loaded = named !== undefined && Object.hasOwn(commands, named) ? [named] : Object.keys(commands)
  for (const name of loaded) {
    if (!program.commands.some((known) => known.name() === name)) program.addCommand(inheriting(await commands[name]!()))
  }
  return program
}
