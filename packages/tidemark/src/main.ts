/** `tidemark`: puts the commands together, and turns what goes wrong into one line and an exit code. */
import { readFileSync } from 'node:fs'
import { TidemarkError } from '@tidemark/platform'
import { Command, CommanderError } from 'commander'
import { EXIT } from './exit.ts'

const version = (): string => JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')).version

const program = new Command('tidemark')
  .description('Keeps your place in Kafka: a broker, and tools for topics, groups and offsets.')
  .version(version())
  .exitOverride()
  .configureOutput({ writeErr: (text) => process.stderr.write(text) })
  .showHelpAfterError('(see --help)')

/** Each in a module of its own, loaded when it is named: modules cost more than anything else at start. */
const commands: Readonly<Record<string, () => Promise<Command>>> = {
  up: async () => (await import('./commands/up.ts')).upCommand(),
  demo: async () => (await import('./commands/demo.ts')).demoCommand(),
  topic: async () => (await import('./commands/topic.ts')).topicCommand(),
  group: async () => (await import('./commands/group.ts')).groupCommand(),
  produce: async () => (await import('./commands/produce.ts')).produceCommand(),
  consume: async () => (await import('./commands/consume.ts')).consumeCommand(),
}
const named = process.argv[2] ?? ''
for (const name of Object.hasOwn(commands, named) ? [named] : Object.keys(commands)) program.addCommand(inheriting(await commands[name]!()))

/** Sub-commands report errors as the program does: commander copies neither setting by itself. */
function inheriting(command: Command): Command {
  command.copyInheritedSettings(program)
  for (const sub of command.commands) inheriting(sub as Command)
  return command
}

process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  // Whoever read our output has seen enough (`tidemark consume … | head`).
  if (error.code === 'EPIPE') process.exit(EXIT.done)
  throw error
})

try {
  await program.parseAsync()
} catch (error) {
  process.exitCode = report(error)
}

function report(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.done : EXIT.usage
  if (error instanceof TidemarkError) {
    process.stderr.write(`tidemark: ${error.message}\n`)
    return error.code === 'USAGE' ? EXIT.usage : EXIT.failed
  }
  if (error instanceof Error && 'code' in error) {
    process.stderr.write(`tidemark: ${error.message}\n`)
    return EXIT.failed
  }
  process.stderr.write(`tidemark: this is a bug, please report it: ${error instanceof Error ? error.stack : String(error)}\n`)
  return EXIT.failed
}
