/** Child processes of the trial: started with a time limit, and ended with it. */
import { type ChildProcess, spawn } from 'node:child_process'

export interface Finished {
  /** null: it was killed. */
  readonly code: number | null
  readonly stdout: string
  /** What it wrote to stdout and stderr, as it came. */
  readonly all: string
}

export interface StartOptions {
  readonly cwd: string
  readonly env?: NodeJS.ProcessEnv
  readonly timeoutMs?: number
}

const started = new Set<ChildProcess>()

/** Ends every process that still runs, with those that it started. */
export function endAll(): void {
  for (const child of started) end(child)
}

function end(child: ChildProcess): void {
  if (child.pid === undefined || child.exitCode !== null) return
  if (process.platform === 'win32') child.kill()
  else process.kill(-child.pid, 'SIGKILL')
}

function start(command: string, args: readonly string[], { cwd, env }: StartOptions): ChildProcess {
  // A process group of its own, so that what it starts ends with it. npm and npx are scripts on Windows.
  const isScript = process.platform === 'win32' && !command.endsWith('.exe')
  const child = spawn(command, args, { cwd, env: env ?? process.env, detached: process.platform !== 'win32', shell: isScript })
  started.add(child)
  child.on('close', () => started.delete(child))
  return child
}

/** Resolves when the process has ended, whatever its exit code is. Rejects if it cannot be started. */
export function finished(command: string, args: readonly string[], options: StartOptions): Promise<Finished> {
  return new Promise((resolve, reject) => {
    const child = start(command, args, options)
    const timer = setTimeout(() => end(child), options.timeoutMs ?? 60_000)
    let stdout = ''
    let all = ''
    child.stdout!.setEncoding('utf8').on('data', (text: string) => {
      stdout += text
      all += text
    })
    child.stderr!.setEncoding('utf8').on('data', (text: string) => (all += text))
    child.on('error', reject)
    child.on('close', (code) => {
      clearTimeout(timer)
      resolve({ code, stdout, all })
    })
  })
}

/** Runs `body` with the first line that the process prints, and ends the process after it. */
export async function whileRunning<T>(
  command: string,
  args: readonly string[],
  options: StartOptions,
  body: (line: string) => Promise<T>,
): Promise<T> {
  const child = start(command, args, options)
  try {
    const line = await new Promise<string>((resolve, reject) => {
      let all = ''
      child.stdout!.setEncoding('utf8').on('data', (text: string) => {
        all += text
        if (all.includes('\n')) resolve(all.slice(0, all.indexOf('\n')))
      })
      child.stderr!.setEncoding('utf8').on('data', (text: string) => (all += text))
      child.on('error', reject)
      child.on('close', (code) => reject(new Error(`it ended with ${code} before it printed a line: ${all.trim()}`)))
    })
    return await body(line)
  } finally {
    end(child)
  }
}
