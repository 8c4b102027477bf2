/**
 * The demo's other processes, the broker and the counters. Each is started again as it was after a kill, and each ends
 * when the demo has gone, however that happened: the broker with its stdin, a counter with its IPC channel.
 */
import { type ChildProcess, fork, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { TidemarkError } from '@tidemark/platform'
import type { CounterReport, CounterTask } from './counter.ts'
import type { Worker } from './progress.ts'

const COMMAND = fileURLToPath(new URL('../bin/tidemark.js', import.meta.url))
const COUNTER = fileURLToPath(new URL('./counter.js', import.meta.url))

export class BrokerProcess {
  readonly #folder: string
  #child: ChildProcess | undefined
  #address = '127.0.0.1:0'

  constructor(folder: string) {
    this.#folder = folder
  }

  /** Where it listens: the free port of the first start, kept for the next ones. */
  get address(): string {
    return this.#address
  }

  get pid(): number | undefined {
    return this.#child?.pid
  }

  async start(): Promise<void> {
    const args = ['up', '--listen', this.#address, '--data', this.#folder, '--no-auto-create', '--until-stdin-ends']
    const child = spawn(process.execPath, [COMMAND, ...args], {
      stdio: ['pipe', 'pipe', 'pipe'],
      // A process group of its own: Ctrl-C reaches the demo, which stops the broker last.
      detached: process.platform !== 'win32',
    })
    this.#child = child
    let complaint = ''
    child.stderr!.on('data', (chunk) => {
      complaint = String(chunk).trim()
    })
    const lines = createInterface({ input: child.stdout! })
    const line = await Promise.race([once(lines, 'line'), once(child, 'exit')])
    if (typeof line[0] !== 'string' || !line[0].includes(':'))
      throw new TidemarkError('BROKER_FAILED', `the broker did not start: ${complaint}`)
    this.#address = line[0]
  }

  /** SIGKILL, in the middle of whatever it is doing. */
  async kill(): Promise<void> {
    await ended(this.#child, 'SIGKILL')
  }

  async stop(): Promise<void> {
    await ended(this.#child, 'SIGTERM')
  }

  /** Sends SIGKILL and does not wait. */
  abandon(): void {
    this.#child?.kill('SIGKILL')
  }
}

export class CounterProcess {
  readonly name: string
  readonly #task: CounterTask
  readonly #onReport: (worker: Worker, report: CounterReport) => void
  #child: ChildProcess | undefined
  #isStopping = false

  constructor(task: CounterTask, onReport: (worker: Worker, report: CounterReport) => void) {
    this.name = task.name
    this.#task = task
    this.#onReport = onReport
  }

  /** The process that runs, or ran last. */
  get worker(): Worker {
    return { name: this.name, pid: this.#child?.pid ?? 0 }
  }

  start(): void {
    const child = fork(COUNTER, {
      env: { ...process.env, TIDEMARK_DEMO_COUNTER: JSON.stringify(this.#task) },
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    })
    this.#child = child
    const { worker } = this
    child.on('message', (report) => this.#onReport(worker, report as CounterReport))
    child.on('exit', (code) => {
      if (code === null || code === 0 || this.#isStopping) return
      this.#onReport(worker, { kind: 'failed', message: `${this.name} ended with ${code}` })
    })
  }

  /** Sends SIGKILL and does not wait. */
  abandon(): void {
    this.#child?.kill('SIGKILL')
  }

  async kill(): Promise<void> {
    await ended(this.#child, 'SIGKILL')
  }

  /** Lets it drain, commit and leave; `withinMs` later it is killed. */
  async stop(withinMs: number): Promise<void> {
    const child = this.#child
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return
    this.#isStopping = true
    const timer = setTimeout(() => child.kill('SIGKILL'), withinMs)
    if (child.connected) child.send('stop')
    await once(child, 'exit')
    clearTimeout(timer)
  }
}

async function ended(child: ChildProcess | undefined, signal: NodeJS.Signals): Promise<void> {
  if (child === undefined || child.exitCode !== null || child.signalCode !== null) return
  const exit = once(child, 'exit')
  child.kill(signal)
  await exit
}
