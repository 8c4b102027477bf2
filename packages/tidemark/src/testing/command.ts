/**
 * The command line as its user has it: the built program in real processes. `TIDEMARK` names another build to judge.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

export const PROGRAM = process.env.TIDEMARK ?? fileURLToPath(new URL('../../bin/tidemark.js', import.meta.url))

const running: ChildProcess[] = []

export interface Outcome {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

export function start(...args: string[]): ChildProcess {
  return startWith({}, ...args)
}

export function startWith(options: { env?: NodeJS.ProcessEnv; detached?: boolean }, ...args: string[]): ChildProcess {
  const child = spawn(process.execPath, [PROGRAM, ...args], { stdio: ['pipe', 'pipe', 'pipe'], ...options })
  child.stdin!.on('error', () => {}) // it may end before it has read everything
  running.push(child)
  return child
}

/** Text of stdout is Latin-1: one character a byte. */
export async function finished(child: ChildProcess): Promise<Outcome> {
  const out = { stdout: '', stderr: '' }
  child.stdout!.setEncoding('latin1').on('data', (chunk) => {
    out.stdout += chunk
  })
  child.stderr!.on('data', (chunk) => {
    out.stderr += chunk
  })
  const [code] = (await once(child, 'close')) as [number | null]
  return { code, ...out }
}

export function tidemark(args: string[], input: string | Buffer = ''): Promise<Outcome> {
  const child = start(...args)
  child.stdin!.end(input)
  return finished(child)
}

export async function up(...args: string[]): Promise<{ child: ChildProcess; address: string }> {
  const child = start('up', '--listen', '127.0.0.1:0', ...args)
  return { child, address: await firstLine(child) }
}

/** On stdout; rejects, with what it said, if the process ends without one. */
export async function firstLine(child: ChildProcess): Promise<string> {
  const line = once(createInterface({ input: child.stdout! }), 'line').then(([text]) => String(text))
  return await Promise.race([line, endedEarly(child)])
}

async function endedEarly(child: ChildProcess): Promise<never> {
  let said = ''
  child.stderr!.on('data', (chunk) => {
    said += chunk
  })
  const [code] = await once(child, 'close')
  throw new Error(`the process ended with ${code}: ${said}`)
}

export async function stopped(child: ChildProcess, signal: NodeJS.Signals): Promise<number | null> {
  const exit = once(child, 'exit')
  child.kill(signal)
  return ((await exit) as [number | null])[0]
}

/** Resolves when the process has written this text on that stream; rejects if it ends without. */
export function wrote(child: ChildProcess, stream: 'stdout' | 'stderr', text: string | RegExp): Promise<void> {
  let said = ''
  const written = new Promise<void>((resolve) => {
    child[stream]!.on('data', (chunk) => {
      said += chunk
      if (said.search(text) >= 0) resolve()
    })
  })
  return Promise.race([written, endedEarly(child)])
}

/** For `afterAll`: no process outlives a test file. */
export async function endAll(): Promise<void> {
  for (const child of running) {
    if (child.exitCode !== null || child.signalCode !== null) continue
    child.kill('SIGKILL')
    await once(child, 'exit')
  }
}
