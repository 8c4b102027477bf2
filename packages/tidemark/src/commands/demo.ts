import { Command } from 'commander'
import { wholeNumber } from '../connection.ts'
import { EXIT, usage } from '../exit.ts'
import { say } from '../print/print.ts'

interface DemoCommandOptions {
  readonly killConsumerAt: number | false
  readonly killBrokerAt: number | false
  readonly rate: number
  readonly brokers?: string
  readonly keep?: boolean
}

export function demoCommand(): Command {
  return new Command('demo')
    .description('Runs the main job end to end on real data, with a consumer and the broker killed in the middle, and checks the result.')
    .option('--kill-consumer-at <FRACTION>', 'kill a consumer when so much is produced', fraction('--kill-consumer-at'), 0.33)
    .option('--no-kill-consumer-at', 'kill no consumer')
    .option('--kill-broker-at <FRACTION>', 'kill the broker when so much is produced', fraction('--kill-broker-at'), 0.66)
    .option('--no-kill-broker-at', 'do not kill the broker')
    .option('--rate <ROWS>', 'rows produced a second', wholeNumber('--rate', 1), 7_000)
    .option('-b, --brokers <HOST:PORT,…>', 'on this cluster, whose brokers are left alone')
    .option('--keep', 'leave broker and data up for exploring, until Ctrl-C')
    .action(demo)
}

async function demo(options: DemoCommandOptions): Promise<void> {
  const stop = new AbortController()
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => stop.abort())
  // SQLite and the rest are loaded for this command alone.
  const { Demo } = await import('../demo/demo.ts')
  const agrees = await new Demo({
    killConsumerAt: options.killConsumerAt === false ? undefined : options.killConsumerAt,
    killBrokerAt: options.killBrokerAt === false ? undefined : options.killBrokerAt,
    rowsPerSecond: options.rate,
    brokers: options.brokers?.split(','),
    keep: options.keep ?? false,
    signal: stop.signal,
  }).run()
  if (agrees) say('\nnext: tidemark up, and then: tidemark topic create NAME, tidemark produce NAME, tidemark consume NAME --group ME')
  process.exitCode = agrees ? EXIT.done : EXIT.failed
}

function fraction(name: string): (text: string) => number {
  return (text) => {
    const n = Number(text)
    if (!(n >= 0 && n <= 1)) throw usage(`${name} must lie between 0 and 1, not '${text}'`)
    return n
  }
}
