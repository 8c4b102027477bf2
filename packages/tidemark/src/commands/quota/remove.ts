import { createAdmin, TidemarkError } from '@tidemark/client'
import { counted } from '@tidemark/platform'
import { Command } from 'commander'
import { type ConfirmOptions, confirmed, withConfirmation } from '../../confirm.ts'
import { type ClusterOptions, connectedToChange, type OutputOptions, withCluster, withOutput } from '../../connection.ts'
import { printRows, say } from '../../print/print.ts'
import { COLUMNS, checkLimit, type EntityOptions, entityText, limitsIn, limitsOf, namedEntityOf, rowOf, withEntity } from './entities.ts'

export const removeCommand = (): Command =>
  withConfirmation(withEntity(withOutput(withCluster(new Command('remove')))))
    .argument('[LIMIT...]', 'names of limits (default: all)')
    .addHelpText('after', HELP)
    .action(remove)

const HELP = `
Examples:
  tidemark quota remove --user app producer_byte_rate --yes
  tidemark quota remove --user app --client-id reports --yes`

async function remove(names: string[], options: ClusterOptions & OutputOptions & ConfirmOptions & EntityOptions): Promise<void> {
  const entity = namedEntityOf(options)
  for (const name of names) checkLimit(name, entity)
  await connectedToChange(options, async ({ kafka }) => {
    const known = await limitsOf(kafka, entity)
    const wanted = names.length === 0 ? Object.keys(known) : [...new Set(names)]
    const missing = names.filter((name) => known[name] === undefined)
    if (wanted.length === 0 || missing.length > 0)
      throw new TidemarkError(
        'RESOURCE_NOT_FOUND',
        `${entityText(entity)} has no quota${missing.length > 0 ? ` ${missing.join(', ')}` : ''}`,
      )
    const limits = limitsIn([{ entity, limits: known }]).filter(({ limit }) => wanted.includes(limit))
    await printRows(limits.map(rowOf), COLUMNS, options.output, { data: limits })
    if (!(await confirmed(`remove ${counted(wanted.length, 'limit')} of ${entityText(entity)}?`, options))) return
    await createAdmin(kafka).quotas.alter(entity, Object.fromEntries(wanted.map((name) => [name, null])))
    say(`removed ${counted(wanted.length, 'limit')} of ${entityText(entity)}`)
  })
}
