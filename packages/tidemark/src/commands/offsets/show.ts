import { readCompletionMap } from '@tidemark/client/internal'
import { groupPositions } from '@tidemark/offsets'
import { Command } from 'commander'
import { type ClusterOptions, connected, type OutputOptions, withCluster, withOutput } from '../../connection.ts'
import { POSITION_FIELDS, positionColumns, positionRows } from '../../print/group-table.ts'
import { cut, printRows } from '../../print/print.ts'
import type { Row } from '../../print/table.ts'

export function showCommand(): Command {
  return withOutput(withCluster(new Command('show')))
    .argument('<GROUP>')
    .addHelpText('after', HELP)
    .action(show)
}

const HELP = `
Each row has what was committed: the offset, the leader epoch (-1: the client did not
say) and the metadata: cut in a table, whole with -o json.

Examples:
  tidemark offsets show billing
  tidemark offsets show billing -o csv`

async function show(group: string, options: ClusterOptions & OutputOptions): Promise<void> {
  await connected(options, async ({ kafka }) => {
    const { members, positions } = await groupPositions(kafka, group)
    const columns = { ...positionColumns(positions), leaderEpoch: 'EPOCH', metadata: 'METADATA' }
    const rows = positionRows(positions, members)
    const shown = options.output === 'table' ? rows.map((row) => ({ ...row, metadata: metadataText(row.metadata) })) : rows
    await printRows(shown, columns, options.output, { data: positions, fields: POSITION_FIELDS })
  })
}

const METADATA_MAX = 60

/** What Tidemark's consumers write is told; what others wrote is cut to a line. */
function metadataText(metadata: Row[string]): string | null {
  if (typeof metadata !== 'string' || metadata === '') return null
  return readCompletionMap(metadata) === undefined ? cut(metadata, METADATA_MAX) : 'what is done above'
}
