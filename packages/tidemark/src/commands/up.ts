import { type Broker, startBroker } from '@tidemark/broker'
import { Command, Option } from 'commander'
import { addressOf } from '../connection.ts'
import { usage } from '../exit.ts'
import { say } from '../print/print.ts'

interface UpOptions {
  readonly listen: string
  readonly data?: string
  readonly memory?: boolean
  readonly fsync: 'never' | 'interval' | 'always'
  readonly autoCreate: boolean
}

/** Where data stands unless a folder is named. */
const DATA = './tidemark-data'

export function upCommand(): Command {
  return new Command('up')
    .description('Runs a broker until Ctrl-C or SIGTERM.')
    .option('--listen <HOST:PORT>', 'where to listen; port 0 takes a free one', '127.0.0.1:9092')
    .option('--data <DIR>', `the folder of its data (default: ${DATA})`)
    .option('--memory', 'keep everything in memory: nothing outlives the process')
    .addOption(
      new Option('--fsync <WHEN>', 'when writes are forced to the disk').choices(['never', 'interval', 'always']).default('interval'),
    )
    .option('--no-auto-create', 'do not create a topic that a client asks for')
    .action(up)
}

async function up(options: UpOptions): Promise<void> {
  if (options.memory && options.data !== undefined) throw usage('--memory and --data exclude each other')
  const broker = await startBroker({
    data: options.memory ? ':memory:' : (options.data ?? DATA),
    listen: addressOf(options.listen),
    fsync: options.fsync,
    autoCreateTopics: options.autoCreate,
  })
  process.stdout.write(`${broker.brokers[0]}\n`)
  say(`listening on ${broker.brokers[0]}; ${options.memory ? 'in memory' : `data in ${options.data ?? DATA}`}; Ctrl-C ends it`)
  closeOnSignal(broker)
  await broker.closed
}

function closeOnSignal(broker: Broker): void {
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => void broker.close())
  }
}
