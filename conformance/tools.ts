/**
 * Brings the tools that judges need onto the machine: npm packages into a cache outside the repository, Debian's
 * packages by apt.
 */
import { type ChildProcess, execFileSync, type SpawnOptions, spawn, spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { homedir } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'

export const CACHE = path.join(process.env.XDG_CACHE_HOME ?? path.join(homedir(), '.cache'), 'tidemark-conformance')
/** The build, unless the environment names another main file. */
export const TIDEMARK = process.env.TIDEMARK ?? fileURLToPath(new URL('../packages/tidemark/bin/tidemark.js', import.meta.url))
const BIOME = fileURLToPath(new URL('../node_modules/.bin/biome', import.meta.url))

/** A tool that cannot be had on this machine: the judge that needs it is skipped, by name, with this reason. */
export class NotToBeHad extends Error {}

/** Runs an installer to its end, or asks a program whether it is there. */
export function obtain(program: string, args: readonly string[], where: Where = {}): void {
  const { status, error, stderr } = spawnSync(program, args, { ...where, stdio: ['ignore', 'ignore', 'pipe'], encoding: 'utf8' })
  if (status !== 0) throw notToBeHad(`${program} ${args.slice(0, 2).join(' ')}`, error?.message ?? stderr)
}

/** Makes a tool with a line of shell; what it prints is the answer. */
export async function make(line: string, cwd: string, timeoutMs: number): Promise<string> {
  const { code, stdout, stderr } = await run('bash', ['-c', line], undefined, timeoutMs, { cwd })
  if (code !== 0) throw notToBeHad(line.slice(0, 40), code === null ? `not within ${timeoutMs} ms` : stderr)
  return stdout
}

const notToBeHad = (what: string, said: string): NotToBeHad =>
  new NotToBeHad(`'${what} …' failed here: ${said.trim().split('\n').slice(-3).join(' ').slice(-300)}`)

export interface Install {
  /** Packages beside it, as `name@version`. */
  readonly others?: readonly string[]
  /** With this environment its install scripts run; they do not unless it is given. */
  readonly scripts?: NodeJS.ProcessEnv
}

/**
 * A folder of the cache in which these packages are installed, at exactly these versions. It is complete or absent:
 * another one is filled.
 */
export function npmPackageFolder(name: string, version: string, { others = [], scripts }: Install = {}): string {
  const folder = path.join(CACHE, [`${name}-${version}`, ...others].join('+').replace(/[@/]/g, '_'))
  if (!existsSync(path.join(folder, 'node_modules', name))) {
    const filling = `${folder}.filling`
    rmSync(filling, { recursive: true, force: true })
    mkdirSync(filling, { recursive: true })
    const packages = [`${name}@${version}`, ...others]
    const args = ['install', '--prefix', filling, '--no-audit', '--no-fund', ...(scripts ? [] : ['--ignore-scripts']), ...packages]
    obtain('npm', args, scripts && { env: scripts })
    rmSync(folder, { recursive: true, force: true })
    renameSync(filling, folder)
  }
  return folder
}

/** A package at exactly this version, loaded from the cache. */
export const npmPackage = <T>(name: string, version: string): T =>
  createRequire(path.join(npmPackageFolder(name, version), 'package.json'))(name) as T

/** Whether a Debian program is there; tries to install its package once. */
export function debianProgram(program: string): boolean {
  if (isThere(program)) return true
  try {
    obtain('apt-get', ['update', '-q'])
    obtain('apt-get', ['install', '-y', '-q', program])
  } catch {
    return false
  }
  return isThere(program)
}

const isThere = (program: string): boolean => spawnSync('which', [program], { stdio: 'ignore' }).status === 0

/** Writes a document as the formatter wants it, so that `npm run check` has nothing to say about it. */
export function writeDocument(file: string, text: string): void {
  writeFileSync(file, text)
  execFileSync(BIOME, ['format', '--write', '--no-errors-on-unmatched', file], { stdio: 'ignore' })
}

export interface Finished {
  readonly stdout: string
  readonly stderr: string
  readonly code: number | null
}

export interface Where {
  readonly cwd?: string
  readonly env?: NodeJS.ProcessEnv
}

const running = new Set<ChildProcess>()

/** Ends a program and whatever it started. */
function end(child: ChildProcess): void {
  running.delete(child)
  try {
    if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL')
  } catch {} // the processes have ended
}

const endAll = (): void => {
  for (const child of running) end(child)
}
process.once('exit', endAll)
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => {
    endAll()
    if (process.listenerCount(signal) === 0) process.kill(process.pid, signal)
  })
}

/** Starts a program in a process group of its own, which ends when the program does, and with this process. */
export function start(program: string, args: readonly string[], options: SpawnOptions = {}): ChildProcess {
  const child = spawn(program, args, { ...options, detached: true })
  running.add(child)
  child.once('exit', () => end(child))
  return child
}

/** Runs a program to its end, or for `timeoutMs` (then `code` is null). */
export function run(program: string, args: readonly string[], input?: string, timeoutMs = 20_000, where: Where = {}): Promise<Finished> {
  return new Promise((resolve) => {
    const child = start(program, args, { stdio: ['pipe', 'pipe', 'pipe'], ...where })
    let stdout = ''
    let stderr = ''
    child.stdout!.on('data', (chunk) => {
      stdout += chunk
    })
    child.stderr!.on('data', (chunk) => {
      stderr += chunk
    })
    const timer = setTimeout(() => end(child), timeoutMs)
    child.on('error', (error) => {
      stderr += error.message
    })
    child.on('close', (code) => {
      clearTimeout(timer)
      resolve({ stdout, stderr, code })
    })
    child.stdin!.on('error', () => {}) // it may end without having read everything
    child.stdin!.end(input ?? '')
  })
}
