/**
 * Our broker as a judge needs it: in a process that can be killed and started again on the same folder and port. Ends
 * with this process.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import type { Server } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import type { StartOptions } from '@tidemark/broker'
import { freePort, freeRun } from '../kafka/ports.ts'
import { TIDEMARK } from '../tools.ts'
import { sleep } from '../waiting.ts'
import { openGate } from './gate.ts'

const SERVE = fileURLToPath(new URL('serve.ts', import.meta.url))

export type Where = 'disk' | 'memory'

export interface Needs {
  /** Where it shall differ from `tidemark up`. */
  readonly options?: Partial<StartOptions>
  /** A proxy in front of it that never refuses a connection (`gate.ts`). */
  readonly gate?: boolean
}

export class OurBroker implements AsyncDisposable {
  readonly address: string
  readonly #folder: string | undefined
  readonly #command: readonly string[]
  readonly #gate: Server | undefined
  #child: ChildProcess | undefined
  #killing: Promise<void> | undefined
  #ended = false
  kills = 0

  constructor(where: Where, needs: Needs, port: number, outerPort: number) {
    this.#folder = where === 'disk' ? mkdtempSync(path.join(tmpdir(), 'tidemark-judge-')) : undefined
    this.#gate = needs.gate ? openGate(outerPort, port) : undefined
    const reachedAt = needs.gate ? outerPort : port
    this.address = `127.0.0.1:${reachedAt}`
    const own = {
      data: this.#folder ?? ':memory:',
      listen: { host: '127.0.0.1', port },
      advertise: { host: '127.0.0.1', port: reachedAt },
      ...needs.options,
    }
    this.#command =
      needs.options === undefined && !needs.gate
        ? [TIDEMARK, 'up', '--listen', this.address, ...(this.#folder === undefined ? ['--memory'] : ['--data', this.#folder])]
        : ['--conditions=@tidemark/source', SERVE, JSON.stringify(own)]
    process.once('exit', this.#lastResort)
  }

  /** `tidemark up`, or the same broker with what is needed. */
  static async start(where: Where, needs: Needs = {}): Promise<OurBroker> {
    const port = await freeRun(needs.options?.nodes ?? 1)
    const broker = new OurBroker(where, needs, port, await freePort())
    await broker.#launch()
    return broker
  }

  async #launch(): Promise<void> {
    const child = spawn(process.execPath, this.#command, { stdio: ['ignore', 'pipe', 'pipe'] })
    this.#child = child
    let complaint = ''
    child.stderr.on('data', (chunk) => {
      complaint = String(chunk)
    })
    await Promise.race([
      once(createInterface({ input: child.stdout }), 'line'),
      once(child, 'exit').then(([code]) => {
        throw new Error(`our broker ended with code ${code} before it listened: ${complaint}`)
      }),
    ])
  }

  /**
   * SIGKILL every `everyMs`, and a start right after, so many times. Not for ever: sessions start afresh with the
   * broker, as Kafka's do, so that a member that died meanwhile would never be expelled if the kills came faster than
   * its session ends.
   */
  killEvery(everyMs: number, times: number): void {
    this.#killing = (async () => {
      while (!this.#ended && this.kills < times) {
        for (let waited = 0; waited < everyMs && !this.#ended; waited += 100) await sleep(100)
        if (this.#ended) return
        await this.#end('SIGKILL')
        this.kills++
        await this.#launch()
      }
    })()
  }

  async #end(signal: 'SIGKILL' | 'SIGTERM'): Promise<void> {
    const child = this.#child
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return
    const gone = once(child, 'exit')
    child.kill(signal)
    await gone
  }

  readonly #lastResort = (): void => {
    this.#child?.kill('SIGKILL')
    if (this.#folder !== undefined) rmSync(this.#folder, { recursive: true, force: true })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#ended = true
    await this.#killing
    await this.#end('SIGKILL')
    this.#gate?.close()
    process.off('exit', this.#lastResort)
    if (this.#folder !== undefined) rmSync(this.#folder, { recursive: true, force: true })
  }
}
