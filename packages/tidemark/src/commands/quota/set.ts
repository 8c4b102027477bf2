import { createAdmin } from '@tidemark/client'
import { Command } from 'commander'
import { type ClusterOptions, connected, connectedToChange, withCluster } from '../../connection.ts'
import { EXIT, usage } from '../../exit.ts'
import { say } from '../../print/print.ts'
import { valuesOf } from '../config-changes.ts'
import { checkLimit, type EntityOptions, entityText, limitsOf, namedEntityOf, withEntity } from './entities.ts'

export const setCommand = (): Command =>
  withEntity(withCluster(new Command('set')))
    .argument('<LIMIT...>', 'NAME=VALUE')
    .option('--dry-run', 'only show what would change: exit code 3')
    .addHelpText('after', HELP)
    .action(set)

const HELP = `
Limits of users and client ids:
  producer_byte_rate        bytes a second that are written
  consumer_byte_rate        bytes a second that are read
  request_percentage        time of the broker's threads, in percent of one of them
  controller_mutation_rate  partitions a second that are made and deleted
and of addresses:
  connection_creation_rate  connections a second
A client that is above a limit has to wait.

Examples:
  tidemark quota set --user app producer_byte_rate=1000000 consumer_byte_rate=5000000
  tidemark quota set --user app --client-id reports request_percentage=50
  tidemark quota set --client-id-default consumer_byte_rate=5000000 --dry-run
  tidemark quota set --ip 10.0.0.7 connection_creation_rate=10`

async function set(given: string[], options: ClusterOptions & EntityOptions & { dryRun?: boolean }): Promise<void> {
  const entity = namedEntityOf(options)
  const limits = Object.fromEntries(
    Object.entries(valuesOf(given, 'limit')).map(([name, text]) => {
      checkLimit(name, entity)
      return [name, rateOf(name, text)]
    }),
  )
  const connect = options.dryRun ? connected : connectedToChange
  await connect(options, async ({ kafka }) => {
    const before = await limitsOf(kafka, entity)
    await createAdmin(kafka).quotas.alter(entity, limits, { validateOnly: options.dryRun === true })
    for (const [name, value] of Object.entries(limits)) {
      const was = before[name] === undefined ? 'no limit before' : `${before[name]} before`
      say(`${entityText(entity)}: ${name} ${options.dryRun ? 'would be' : 'is'} ${value} (${was})`)
    }
    if (!options.dryRun) return
    process.exitCode = EXIT.notApplied
    say('nothing was changed: --dry-run')
  })
}

function rateOf(name: string, text: string): number {
  const value = /^\d+(\.\d+)?(e[+-]?\d+)?$/i.test(text) ? Number(text) : Number.NaN
  if (value > 0 && value < Infinity) return value
  const what = value === 0 ? 'a number above 0: to take the limit away, use tidemark quota remove' : 'a number, such as 1000000 or 1e6'
  throw usage(`${name} is '${text}'; it must be ${what}`)
}
