/** `tidemark`: puts the commands together, and turns what goes wrong into one line and an exit code. */
import { readFileSync } from 'node:fs'
import { TidemarkError } from '@tidemark/platform'
import { Command, CommanderError } from 'commander'
import { EXIT, exitCodeFor } from './exit.ts'
import { interruptedCode } from './interrupts.ts'
import { outputFailed, watchOutput, write } from './print/output.ts'

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

const program = new Command('tidemark')
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
function inheriting(command: Command): Command {
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
async function load(named: string | undefined): Promise<Command> {
  const loaded = named !== undefined && Object.hasOwn(commands, named) ? [named] : Object.keys(commands)
  for (const name of loaded) program.addCommand(inheriting(await commands[name]!()))
  return program
}

async function main(): Promise<void> {
  const named = process.argv[2]
  if (named === '__complete') {
    const { completeCommand } = await import('./commands/completion.ts')
    program.addCommand(inheriting(completeCommand(load)), { hidden: true })
  } else await load(named)
  if (named === undefined) program.outputHelp()
  else await program.parseAsync()
  await write('')
}

function report(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.done : EXIT.usage
  if (error instanceof TidemarkError) {
    // A reader that has seen enough (`tidemark consume … | head`) is not a failure.
    if (error.code === 'OUTPUT_CLOSED') return EXIT.done
    process.stderr.write(`tidemark: ${error.message.replaceAll(/\s*\n\s*/g, ' ')}\n`)
    return exitCodeFor(error.code)
  }
  // Node's own errors: a file that cannot be read, a port that cannot be taken.
  if (error instanceof Error && 'code' in error) {
    process.stderr.write(`tidemark: ${error.message}\n`)
    return EXIT.failed
  }
  process.stderr.write(`tidemark: this is a bug, please report it: ${error instanceof Error ? error.stack : String(error)}\n`)
  return EXIT.failed
}

const isInterruption = (error: unknown): boolean => error instanceof TidemarkError && error.code === 'INTERRUPTED'

watchOutput()
try {
  await main()
  process.exitCode ??= interruptedCode() ?? EXIT.done
} catch (error) {
  const code = report(outputFailed.aborted ? outputFailed.reason : error)
  process.exitCode = (isInterruption(error) ? interruptedCode() : undefined) ?? code
}
