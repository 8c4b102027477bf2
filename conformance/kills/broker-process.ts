/**
 * A broker in a process of its own, as `tidemark up` runs it: what can be killed, stopped and started again on the
 * same folder and the same port.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { createInterface } from 'node:readline'
import { TIDEMARK } from '../tools.ts'

/** A new folder under the system's one for temporary files; its creator removes it. */
export const makeFolder = (): string => mkdtempSync(path.join(tmpdir(), 'tidemark-kills-'))
export const removeFolder = (folder: string): void => rmSync(folder, { recursive: true, force: true })

export class BrokerProcess {
  readonly folder: string
  readonly #args: readonly string[]
  #child: ChildProcess | undefined
  #address = '127.0.0.1:0'
  /** What it wrote to stderr, all starts together. */
  said = ''

  constructor(folder: string, fsync: 'never' | 'interval' | 'always') {
    this.folder = folder
    this.#args = ['up', '--data', folder, '--fsync', fsync]
  }

  get address(): string {
    return this.#address
  }

  get port(): number {
    return Number(this.#address.split(':')[1])
  }

  get pid(): number {
    return this.#child!.pid!
  }

  get isAlive(): boolean {
    return this.#child !== undefined && this.#child.exitCode === null && this.#child.signalCode === null
  }

  /** Resolves once it listens: with the milliseconds since the process was started. */
  async start(): Promise<number> {
    const startedMs = performance.now()
    const child = spawn(process.execPath, [TIDEMARK, ...this.#args, '--listen', this.#address], { stdio: ['ignore', 'pipe', 'pipe'] })
    this.#child = child
    child.stderr.on('data', (chunk) => {
      this.said += chunk
    })
    const ended = once(child, 'exit').then(() => Promise.reject(new Error(`the broker ended: ${this.said.slice(-500)}`)))
    const [line] = (await Promise.race([once(createInterface({ input: child.stdout }), 'line'), ended])) as [string]
    ended.catch(() => {})
    this.#address = line
    return performance.now() - startedMs
  }

  async kill(signal: 'SIGKILL' | 'SIGTERM' = 'SIGKILL'): Promise<void> {
    const child = this.#child
    if (child === undefined || !this.isAlive) return
    const ended = once(child, 'exit')
    child.kill(signal)
    await ended
  }

  signal(signal: 'SIGSTOP' | 'SIGCONT'): void {
    this.#child?.kill(signal)
  }

  memoryBytes(): number {
    return memoryOf(this.pid)
  }
}

/** Resident memory of a process; 0 if it is gone. */
export function memoryOf(pid: number): number {
  try {
    return Number(/VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) * 1024
  } catch {
    return 0
  }
}

export const MiB = 1024 * 1024
export const megabytes = (bytes: number): string => `${(bytes / MiB).toFixed(0)} MB`

/** The value below which the given part of them lies. */
export function percentile(values: readonly number[], part: number): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? Number.NaN
}

/** Chance from a seed (mulberry32), so that a run can be told again; its timing is the machine's. */
export function randomOf(seed: number): () => number {
  let state = seed | 0
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296
  }
}
