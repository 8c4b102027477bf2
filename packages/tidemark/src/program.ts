/** The commands of `tidemark`, put together. */
import { readFileSync } from 'node:fs'
import { Command } from 'commander'
import { commandsOf, type LazyCommand, type Wanted } from './lazy.ts'
import { onceEach } from './once.ts'

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

const COMMANDS: readonly LazyCommand[] = [
  {
    name: 'up',
    description: 'Runs a broker until Ctrl-C, SIGTERM or SIGHUP.',
    load: async () => (await import('./commands/up.ts')).upCommand(),
  },
  {
    name: 'demo',
    description: 'Kills a consumer and the broker under load, and checks that nothing is lost or counted twice.',
    load: async () => (await import('./commands/demo.ts')).demoCommand(),
  },
  {
    name: 'topic',
    description: 'Topics: list, create, describe, alter, delete and trim them.',
    load: async (below) => (await import('./commands/topic.ts')).topicCommand(below),
  },
  {
    name: 'group',
    description: 'Consumer groups: list them, see where one stands, delete one.',
    load: async (below) => (await import('./commands/group.ts')).groupCommand(below),
  },
  {
    name: 'lag',
    description: 'Shows how far groups are behind: in messages, and in time.',
    load: async () => (await import('./commands/lag.ts')).lagCommand(),
  },
  {
    name: 'peek',
    description: 'Shows the record that a group reads next, and those around it, of each partition.',
    load: async () => (await import('./commands/peek.ts')).peekCommand(),
  },
  {
    name: 'doctor',
    description: 'Looks for what is wrong with the offsets of groups, and says what mends it.',
    load: async () => (await import('./commands/doctor.ts')).doctorCommand(),
  },
  {
    name: 'offsets',
    description: 'Committed offsets of consumer groups: see them, and move them.',
    load: async (below) => (await import('./commands/offsets.ts')).offsetsCommand(below),
  },
  {
    name: 'replay',
    description: 'Handles records once more without moving the group: forks it, and watches the fork until it is done.',
    load: async () => (await import('./commands/replay.ts')).replayCommand(),
  },
  {
    name: 'graduate',
    description: 'Moves to another cluster: topics, configurations, records and the places of groups, all of it compared afterwards.',
    load: async () => (await import('./commands/graduate.ts')).graduateCommand(),
  },
  {
    name: 'config',
    description: 'Configurations of topics, brokers, groups and client metrics.',
    load: async (below) => (await import('./commands/config.ts')).configCommand(below),
  },
  {
    name: 'acl',
    description: 'Access control lists: who may do what.',
    load: async (below) => (await import('./commands/acl.ts')).aclCommand(below),
  },
  {
    name: 'user',
    description: 'Users of SCRAM: list them, add one or change its password, remove one.',
    load: async (below) => (await import('./commands/user.ts')).userCommand(below),
  },
  {
    name: 'quota',
    description: 'Client quotas: how much users, client ids and addresses may do.',
    load: async (below) => (await import('./commands/quota.ts')).quotaCommand(below),
  },
  {
    name: 'profile',
    description: 'Clusters by name, so that their addresses and credentials are typed once.',
    load: async (below) => (await import('./commands/profile.ts')).profileCommand(below),
  },
  {
    name: 'produce',
    description: 'Writes the lines of stdin to a topic, each as one record, byte for byte.',
    load: async () => (await import('./commands/produce.ts')).produceCommand(),
  },
  {
    name: 'consume',
    description: 'Prints the records of a topic: all there are, or in a consumer group until Ctrl-C.',
    load: async () => (await import('./commands/consume.ts')).consumeCommand(),
  },
  {
    name: 'console',
    description: 'Serves the console: groups, moves, topics and the cluster in a browser.',
    load: async () => (await import('./commands/console.ts')).consoleCommand(),
  },
  {
    name: 'completion',
    description: 'Prints a script for a shell that completes commands, options, groups and topics.',
    load: async () => (await import('./commands/completion.ts')).completionCommand(),
  },
]

/** Sub-commands report errors as the program does: commander copies neither setting by itself. */
export function inheriting(command: Command): Command {
  command.copyInheritedSettings(program)
  onceEach(command)
  for (const sub of command.commands) inheriting(sub as Command)
  return command
}

/** Commander's `error: unknown command 'sing'\n(Did you mean …?)`. */
const oneLine = (text: string): string =>
  `${text
    .trim()
    .replace(/^error: /, 'tidemark: ')
    .replaceAll(/\s*\n\s*/g, ' ')} (see --help)\n`

/** The program with the command that these words name; of the others it knows the names and descriptions. */
export async function loadProgram(wanted: Wanted): Promise<Command> {
  for (const command of await commandsOf(COMMANDS, wanted)) {
    if (!program.commands.some((known) => known.name() === command.name())) program.addCommand(inheriting(command))
  }
  return program
}
