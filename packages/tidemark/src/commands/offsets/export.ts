import { createAdmin } from '@tidemark/client'
import { type FiledOffset, offsetsCsv } from '@tidemark/offsets'
import { Command, Option } from 'commander'
import { type ClusterOptions, connected, withCluster } from '../../connection.ts'
import { write } from '../../print/output.ts'
import { printJson, say } from '../../print/print.ts'

export function exportCommand(): Command {
  return withCluster(new Command('export'))
    .argument('<GROUP...>')
    .addOption(
      new Option('-o, --output <FORMAT>', "json keeps leader epochs and metadata; csv is Kafka's, and does not")
        .choices(['json', 'csv'])
        .default('json'),
    )
    .addHelpText('after', HELP)
    .action(exportOffsets)
}

const HELP = `
Examples:
  tidemark offsets export billing > billing.json
  tidemark offsets export billing shipping -o csv > offsets.csv`

async function exportOffsets(groups: readonly string[], options: ClusterOptions & { readonly output: 'json' | 'csv' }): Promise<void> {
  await connected(options, async ({ kafka }) => {
    const all: FiledOffset[] = []
    for (const group of groups) {
      const committed = await createAdmin(kafka).groups.offsets(group, { requireStable: true })
      if (committed.length === 0) say(`group ${group} has committed nothing`)
      all.push(...committed.map((it) => ({ group, ...it })))
    }
    return options.output === 'csv' ? write(offsetsCsv(all)) : printJson(all)
  })
}
