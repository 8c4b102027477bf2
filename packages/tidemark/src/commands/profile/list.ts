import { Command } from 'commander'
import { type OutputOptions, withOutput } from '../../connection.ts'
import { printRows, say } from '../../print/print.ts'
import { readProfiles } from '../../profiles.ts'

export const listCommand = (): Command => withOutput(new Command('list')).action(list)

async function list(options: OutputOptions): Promise<void> {
  const { current, profiles } = await readProfiles()
  const rows = Object.entries(profiles).map(([name, { brokers, commandConfig, properties = {}, ...guard }]) => ({
    name,
    current: name === current ? '*' : '',
    brokers: brokers.join(','),
    security: commandConfig ?? properties['security.protocol'] ?? 'PLAINTEXT',
    guard: guard.readOnly === true ? 'read-only' : guard.protected === true ? 'protected' : null,
  }))
  if (rows.length === 0 && options.output === 'table')
    return say('there are no profiles yet; make one with: tidemark profile add NAME -b HOST:PORT')
  await printRows(rows, { current: '', name: 'NAME', brokers: 'BROKERS', security: 'SECURITY', guard: 'GUARD' }, options.output)
}
