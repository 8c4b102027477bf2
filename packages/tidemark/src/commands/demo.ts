import { Command } from 'commander'
import { EXIT, usage } from '../exit.ts'
import { interrupts } from '../interrupts.ts'
import { outputFailed } from '../print/output.ts'
import { say } from '../print/print.ts'
import { addressesOf, wholeNumber } from '../values.ts'

interface DemoCommandOptions {
  readonly killConsumerAt: number | false
  readonly killBrokerAt: number | false
  readonly rate: number
  readonly brokers?: string
  readonly keep?: boolean
}

export function demoCommand(): Command {
  return new Command('demo')
    .option('--kill-consumer-at <FRACTION>', 'kill a consumer when this part is produced', fraction('--kill-consumer-at'), 0.33)
    .option('--no-kill-consumer-at', 'kill no consumer')
    .option('--kill-broker-at <FRACTION>', 'kill the broker when this part is produced', fraction('--kill-broker-at'), 0.66)
    .option('--no-kill-broker-at', 'do not kill the broker')
    .option('--rate <N>', 'flights produced a second', wholeNumber('--rate', 1), 7_000)
    .option('-b, --brokers <HOST:PORT,…>', 'run on this cluster, in a topic and a group of its own; no broker is killed')
    .option('--keep', 'leave broker and data up for a look, until Ctrl-C')
    .addHelpText('after', HELP)
    .action(demo)
}

const HELP = `
A producer writes 60,000 flights; three consumer processes of one group keep a
table of delays in SQLite. Progress is shown on stderr, the result on stdout.
Nothing is left behind: no process, no file, no topic and no group.

Examples:
  tidemark demo
  tidemark demo --keep
  tidemark demo --brokers kafka.example.org:9092`

async function demo(options: DemoCommandOptions): Promise<void> {
  // SQLite and the rest are loaded for this command alone.
  const { Demo } = await import('../demo/demo.ts')
  const stop = new AbortController()
  const running = new Demo({
    killConsumerAt: options.killConsumerAt === false ? undefined : options.killConsumerAt,
    killBrokerAt: options.killBrokerAt === false ? undefined : options.killBrokerAt,
    rowsPerSecond: options.rate,
    brokers: options.brokers === undefined ? undefined : addressesOf(options.brokers),
    keep: options.keep ?? false,
    signal: stop.signal,
  })
  using _ = stopWhenAlone(stop)
  interrupts({ atOnce: () => running.abandon() }).signal.addEventListener('abort', () => stop.abort())
  process.on('exit', () => running.abandon())
  const agrees = await running.run()
  // Under npm the command is not on the path.
  const tidemark = process.env.npm_command === undefined ? 'tidemark' : 'npx tidemark'
  const next = ['up', 'produce orders    # lines from stdin', 'consume orders --group billing']
  if (agrees) for (const line of ['', 'next:', ...next.map((command) => `  ${tidemark} ${command}`)]) say(line)
  process.exitCode = agrees ? EXIT.done : EXIT.failed
}

const PARENT_CHECK_MS = 500

/** A demo whose terminal or whose parent process has gone is not watched any more: it ends and cleans up. */
function stopWhenAlone(stop: AbortController): Disposable {
  const abort = (): void => stop.abort()
  const parent = process.ppid
  const timer = setInterval(() => {
    if (process.ppid !== parent) abort()
  }, PARENT_CHECK_MS)
  timer.unref()
  process.stderr.on('error', abort)
  outputFailed.addEventListener('abort', abort, { once: true })
  return { [Symbol.dispose]: () => clearInterval(timer) }
}

function fraction(name: string): (text: string) => number {
  return (text) => {
    const n = /^\d*\.?\d+$/.test(text) ? Number(text) : Number.NaN
    if (!(n >= 0 && n <= 1)) throw usage(`${name} must lie between 0 and 1, not '${text}'`)
    return n
  }
}
