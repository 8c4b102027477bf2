/** kafka-console: a command line program for Node.js, from npm. */
import path from 'node:path'
import { npmPackageFolder } from '../tools.ts'
import { commandProgram } from './command-program.ts'

const VERSION = '3.1.55'
const folder = (): string => npmPackageFolder('kafka-console', VERSION)

const RECORDS = [
  { key: 'k1', value: { a: 1 } },
  { key: 'k2', value: 'text', headers: { nth: '2' } },
  { key: 'k3', value: null },
]

export const kafkaConsole = commandProgram({
  name: 'kafka-console',
  inSlice: false,
  async build() {
    folder()
  },
  command: (address) => [
    process.execPath,
    path.join(folder(), 'node_modules', 'kafka-console', 'build', 'cli.js'),
    ...['--brokers', address, '--timeout', '20000'],
  ],
  lines: [
    ['topic:create c-orders --partitions 2'],
    ['topic:create c-orders'],
    ['topic:create c-replicated --replicas 3'],
    ['list'],
    ['list --all'],
    ['produce c-orders --header source:judge', RECORDS.map((it) => JSON.stringify(it)).join('\n')],
    ['consume c-orders --snapshot --group c-group'],
    ['consume c-orders --from 0 --count 2 --data-format raw'],
    ['topic:offsets c-orders'],
    ['topic:offsets c-orders --group c-group'],
    ['topic:offsets c-orders 2001-01-01T00:00:00Z'],
    ['topic:offsets c-none'],
    ['config --resource topic --resourceName c-orders'],
    ['config --resource topic --resourceName c-none'],
    ['config --resource broker --resourceName 9'],
    ['topic:create c-short'],
    ['topic:delete c-short'],
    ['topic:delete c-short'],
    ['list'],
  ],
  differs: [],
})
