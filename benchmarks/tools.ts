/**
 * Brings what the benchmarks run onto the machine, outside the repository, once: the Go driver, other people's
 * clients.
 */
import { execFileSync, spawn } from 'node:child_process'
import { hash } from 'node:crypto'
import { globSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { CACHE, NotToBeHad, npmPackageFolder } from '../conformance/tools.ts'

export const REPOSITORY = fileURLToPath(new URL('..', import.meta.url))
export const DRIVER = path.join(CACHE, 'bench-driver')

const DRIVER_SOURCES = path.join(REPOSITORY, 'benchmarks', 'driver')
const BUILT_OF = `${DRIVER}.sources`

/** Go's own cache makes the second build take no time. */
export function buildDriver(): void {
  mkdirSync(CACHE, { recursive: true })
  execFileSync('go', ['build', '-o', DRIVER, '.'], { cwd: DRIVER_SOURCES, stdio: ['ignore', 'ignore', 'inherit'] })
  writeFileSync(BUILT_OF, hashOfSources())
}

/** Whether the driver of the cache was built from these sources: another checkout may have built it. */
export function isDriverBuilt(): boolean {
  try {
    return readFileSync(BUILT_OF, 'utf8') === hashOfSources()
  } catch {
    return false // it was never built
  }
}

function hashOfSources(): string {
  const files = globSync('*', { cwd: DRIVER_SOURCES }).sort()
  return hash('sha256', files.map((file) => `${file}\n${readFileSync(path.join(DRIVER_SOURCES, file), 'utf8')}`).join('\n'))
}

/**
 * The folder in which another client is installed; undefined where it cannot be, with a line that says so. `native`:
 * it is built here.
 */
export function clientFolder(name: string, version: string, native: boolean): string | undefined {
  const headers = path.join(REPOSITORY, 'node_modules', `node-${process.platform}-${process.arch}`)
  try {
    return npmPackageFolder(name, version, native ? { scripts: { ...process.env, npm_config_nodedir: headers } } : {})
  } catch (error) {
    if (!(error instanceof NotToBeHad)) throw error
    console.error(`${name}@${version} is left out: ${error.message}`)
    return undefined
  }
}

/** Runs a program to its end and reads the one line of JSON that it prints. */
export function runForJson(
  program: string,
  args: readonly string[],
  cwd = REPOSITORY,
  timeoutMs = 120_000,
): Promise<Record<string, number>> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { cwd, stdio: ['ignore', 'pipe', 'pipe'] })
    let out = ''
    let complaints = ''
    child.stdout.on('data', (chunk) => {
      out += chunk
    })
    child.stderr.on('data', (chunk) => {
      complaints += chunk
    })
    const timer = setTimeout(() => child.kill('SIGKILL'), timeoutMs)
    child.on('close', (code) => {
      clearTimeout(timer)
      const last = out.trim().split('\n').at(-1)
      if (code !== 0 || !last)
        reject(new Error(`${path.basename(program)} ${args.slice(0, 3).join(' ')}: ${complaints.trim().slice(-500) || `exit ${code}`}`))
      else resolve(JSON.parse(last) as Record<string, number>)
    })
  })
}

export const drive = (
  verb: string,
  brokers: string,
  flags: Record<string, string | number> = {},
  command: readonly string[] = [],
  timeoutMs?: number,
): Promise<Record<string, number>> =>
  runForJson(
    DRIVER,
    [verb, '-brokers', brokers, ...Object.entries(flags).flatMap(([k, v]) => [`-${k}`, String(v)]), ...command],
    REPOSITORY,
    timeoutMs,
  )
