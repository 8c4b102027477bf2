/**
 * The three brokers, each a fresh process on a fresh folder and a free port: what to run, and what to write
 * beforehand.
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import net from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { kafkaJars } from '../../conformance/kafka/jars.ts'
import { rivalsOf, rootOf, type Scale } from '../loads/load.ts'
import { DRIVER } from '../tools.ts'

export type BrokerName = 'tidemark' | 'kafka' | 'kfake' | 'before'

/** Ours beside the two others, or beside an earlier version of ours. */
export const brokersOf = (scale: Scale): readonly BrokerName[] => rivalsOf(['tidemark', 'kafka', 'kfake'], ['tidemark', 'before'], scale)

export interface Wish {
  /** An fsync before each reply. */
  readonly durable?: boolean
  /** Data that a kill leaves behind is wanted. kfake alone keeps everything in memory otherwise. */
  readonly onDisk?: boolean
  /** Our broker from its sources instead of its bundle. */
  readonly sources?: boolean
  /** The checkout that is called `before`. */
  readonly before?: string
}

/** What is known before it runs, so that its start can be timed. */
export interface Prepared {
  readonly name: BrokerName
  readonly address: string
  readonly folder: string
  readonly command: readonly [string, ...string[]]
}

async function freePort(): Promise<number> {
  const server = net.createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as net.AddressInfo
  server.close()
  await once(server, 'close')
  return port
}

export async function prepare(name: BrokerName, wish: Wish = {}): Promise<Prepared> {
  const folder = mkdtempSync(path.join(tmpdir(), `tidemark-bench-${name}-`))
  const port = await freePort()
  const command = await commands[name](folder, port, wish)
  return { name, address: `127.0.0.1:${port}`, folder, command }
}

function ours(root: string, folder: string, port: number, { durable, sources }: Wish): Prepared['command'] {
  const program = sources
    ? ['--conditions=@tidemark/source', path.join(root, 'packages/tidemark/src/main.ts')]
    : [path.join(root, 'packages/tidemark/bin/tidemark.js')]
  const options = ['--listen', `127.0.0.1:${port}`, '--data', folder, '--fsync', durable ? 'always' : 'interval']
  return [process.execPath, ...program, 'up', ...options]
}

const commands: Record<BrokerName, (folder: string, port: number, wish: Wish) => Promise<Prepared['command']>> = {
  tidemark: async (folder, port, wish) => ours(rootOf('tidemark', wish), folder, port, wish),
  before: async (folder, port, wish) => ours(rootOf('before', wish), folder, port, wish),

  async kafka(folder, port, { durable }) {
    const jars = kafkaJars('4.3.1')
    const settings = path.join(folder, 'server.properties')
    const data = path.join(folder, 'data')
    mkdirSync(data)
    writeFileSync(settings, kafkaSettings(port, await freePort(), data, durable === true))
    const format = ['-cp', jars, 'kafka.tools.StorageTool', 'format', '-t', 'TidemarkBenchmarks0000', '-c', settings]
    execFileSync('java', format, { stdio: 'ignore' })
    return ['java', '-Xms1g', '-Xmx1g', '-XX:+UseG1GC', '-cp', jars, 'kafka.Kafka', settings]
  },

  async kfake(folder, port, { durable, onDisk }) {
    const disk = durable || onDisk ? ['-data', folder] : []
    return [DRIVER, 'kfake', '-port', String(port), ...disk, ...(durable ? ['-sync'] : [])]
  },
}

function kafkaSettings(port: number, controllerPort: number, data: string, durable: boolean): string {
  return `process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:${controllerPort}
listeners=PLAINTEXT://127.0.0.1:${port},CONTROLLER://127.0.0.1:${controllerPort}
controller.listener.names=CONTROLLER
log.dirs=${data}
num.partitions=6
offsets.topic.replication.factor=1
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
group.initial.rebalance.delay.ms=0
${durable ? 'log.flush.interval.messages=1\n' : ''}`
}

export class RunningBroker implements AsyncDisposable {
  readonly name: BrokerName
  readonly address: string
  readonly #prepared: Prepared
  #process: ChildProcess

  private constructor(prepared: Prepared, process: ChildProcess) {
    this.#prepared = prepared
    this.name = prepared.name
    this.address = prepared.address
    this.#process = process
  }

  get pid(): number {
    return this.#process.pid!
  }

  get folder(): string {
    return this.#prepared.folder
  }

  static async start(name: BrokerName, wish: Wish = {}): Promise<RunningBroker> {
    const prepared = await prepare(name, wish)
    const running = new RunningBroker(prepared, launch(prepared))
    await running.#answers()
    return running
  }

  async #answers(): Promise<void> {
    const [host, port] = this.address.split(':') as [string, string]
    for (let i = 0; i < 6000; i++) {
      if (this.#process.exitCode !== null) throw new Error(`${this.name} ended with ${this.#process.exitCode} before it listened`)
      const socket = net.connect({ host, port: Number(port) })
      const open = await Promise.race([once(socket, 'connect').then(() => true), once(socket, 'error').then(() => false)]).catch(
        () => false,
      )
      socket.destroy()
      if (open) return
      await sleep(10)
    }
    throw new Error(`${this.name} does not listen on ${this.address}`)
  }

  /** Ends the process as a crash does; the folder stays. */
  async kill(): Promise<Prepared> {
    if (this.#process.exitCode === null && this.#process.signalCode === null) {
      const ended = once(this.#process, 'exit')
      this.#process.kill('SIGKILL')
      await ended
    }
    return this.#prepared
  }

  async [Symbol.asyncDispose](): Promise<void> {
    discard(await this.kill())
  }
}

const launch = ({ command: [program, ...args] }: Prepared): ChildProcess => spawn(program, args, { stdio: 'ignore' })

export function discard(prepared: Prepared): void {
  rmSync(prepared.folder, { recursive: true, force: true, maxRetries: 5 })
}
