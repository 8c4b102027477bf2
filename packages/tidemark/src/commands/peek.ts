import { type DecodedPart, type PeekedRecord, peek } from '@tidemark/offsets'
import { Command } from 'commander'
import { type ClusterOptions, connected, type OutputOptions, withCluster, withOutput } from '../connection.ts'
import { cut, printRows, say } from '../print/print.ts'
import type { Row } from '../print/table.ts'
import { decodedText, Problems, schemaText } from '../records/decoded.ts'
import { jsonOf } from '../records/peeked.ts'
import { type RegistryFlags, registryOf, withRegistry } from '../registry.ts'
import { INT32_MAX, wholeNumber } from '../values.ts'

interface PeekCommandOptions extends ClusterOptions, OutputOptions, RegistryFlags {
  readonly before: number
  readonly after: number
  readonly topic?: string
  readonly partition?: number
}

const AROUND_MAX = 1_000

export function peekCommand(): Command {
  return withOutput(withRegistry(withCluster(new Command('peek'))))
    .argument('<GROUP>')
    .option('-B, --before <N>', 'records below the committed offset', wholeNumber('--before', 0, AROUND_MAX), 1)
    .option('-A, --after <N>', 'records above the next one', wholeNumber('--after', 0, AROUND_MAX), 1)
    .option('--topic <TOPIC>', 'of this topic alone')
    .option('--partition <N>', 'of this partition alone', wholeNumber('--partition', 0, INT32_MAX))
    .addHelpText('after', HELP)
    .action(show)
}

const HELP = `
The record marked 'at' is the next one that the group reads. Keys and values are shown
as text, bytes that are not UTF-8 as base64; a table cuts them, '-o json' does not.
With a schema registry those that name a schema are shown as JSON, with the schema of
the value; '-o json' has them as 'decoded', beside the bytes.

Examples:
  tidemark peek billing
  tidemark peek billing --topic orders --partition 0 --after 5 -o json
  tidemark peek billing --registry http://127.0.0.1:8081`

async function show(group: string, { before, after, topic, partition, ...options }: PeekCommandOptions): Promise<void> {
  await connected(options, async ({ kafka }) => {
    const where = { ...(topic !== undefined && { topic }), ...(partition !== undefined && { partition }) }
    const registry = await registryOf(options)
    const records = await peek(kafka, group, { before, after, ...where, ...(registry !== undefined && { registry }) })
    if (records.length === 0 && options.output === 'table') return say('there are no records around the committed offsets')
    const problems = new Problems()
    for (const { decoded } of records) if (decoded !== undefined) problems.say(decoded)
    const columns = registry === undefined ? COLUMNS : { ...COLUMNS, schema: 'SCHEMA' }
    const data = records.map(jsonOf)
    const rows = data.map((record, i) => rowOf(record, records[i]!, options.output === 'table'))
    await printRows(rows, columns, options.output, { data, fields: Object.keys(columns) })
  })
}

function rowOf(
  { key, value }: ReturnType<typeof jsonOf>,
  { place, topic, partition, offset, timestampMs, decoded }: PeekedRecord,
  isCut: boolean,
): Row {
  const text = (it: typeof key, part: DecodedPart | undefined): string | null => {
    const whole = decodedText(part) ?? (it === null || typeof it === 'string' ? it : `base64:${it.base64}`)
    return isCut && whole !== null ? cut(whole, CELL_MAX) : whole
  }
  return {
    place,
    topic,
    partition,
    offset,
    at: timestampMs < 0 ? null : new Date(timestampMs).toISOString(),
    key: text(key, decoded?.key),
    value: text(value, decoded?.value),
    ...(decoded !== undefined && { schema: schemaText(decoded.value) }),
  }
}

const COLUMNS = { place: 'PLACE', topic: 'TOPIC', partition: 'PARTITION', offset: 'OFFSET', at: 'AT', key: 'KEY', value: 'VALUE' }
const CELL_MAX = 60
