/** Brings what the benchmarks run onto the machine, outside the repository, once: the Go driver, other people's clients. */
import { execFileSync, spawn, spawnSync } from 'node:child_process'
import { existsSync, mkdirSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { CACHE } from '../conformance/tools.ts'

export const REPOSITORY = fileURLToPath(new URL('..', import.meta.url))
export const DRIVER = path.join(CACHE, 'bench-driver')

/** Go's own cache makes the second build take no time. */
export function buildDriver(): void {
  mkdirSync(CACHE, { recursive: true })
  execFileSync('go', ['build', '-o', DRIVER, '.'], {
    cwd: path.join(REPOSITORY, 'benchmarks', 'driver'),
    stdio: ['ignore', 'ignore', 'inherit'],
  })
}

/** The folder in which this npm package is installed at this version; undefined where it does not install, with a line that says so. */
export function npmFolder(name: string, version: string, native: boolean): string | undefined {
  const folder = path.join(CACHE, `${name.replace(/[@/]/g, '_')}-${version}`)
  if (existsSync(path.join(folder, 'node_modules', name))) return folder
  mkdirSync(folder, { recursive: true })
  const headers = path.join(REPOSITORY, 'node_modules', `node-${process.platform}-${process.arch}`)
  const env = native ? { ...process.env, npm_config_nodedir: headers } : process.env
  const scripts = native ? [] : ['--ignore-scripts']
  const install = ['install', '--prefix', folder, '--no-audit', '--no-fund', ...scripts, `${name}@${version}`]
  if (spawnSync('npm', install, { env, stdio: 'ignore' }).status === 0) return folder
  console.error(`${name}@${version} does not install here: it is left out`)
  return undefined
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
