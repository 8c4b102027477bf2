/** Brings the tools that judges need onto the machine: npm packages into a cache outside the repository, Debian's packages by apt. */
import { execFileSync, spawn } from 'node:child_process'
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { homedir } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'

export const CACHE = path.join(process.env.XDG_CACHE_HOME ?? path.join(homedir(), '.cache'), 'tidemark-conformance')
const BIOME = fileURLToPath(new URL('../node_modules/.bin/biome', import.meta.url))

/** A folder of the cache in which this package is installed, at exactly this version. */
export function npmPackageFolder(name: string, version: string): string {
  const folder = path.join(CACHE, `${name.replace(/[@/]/g, '_')}-${version}`)
  if (!existsSync(path.join(folder, 'node_modules', name))) {
    mkdirSync(folder, { recursive: true })
    execFileSync('npm', ['install', '--prefix', folder, '--no-audit', '--no-fund', '--ignore-scripts', `${name}@${version}`], {
      stdio: 'ignore',
    })
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
    execFileSync('apt-get', ['update', '-q'], { stdio: 'ignore' })
    execFileSync('apt-get', ['install', '-y', '-q', program], { stdio: 'ignore' })
  } catch {
    return false
  }
  return isThere(program)
}

function isThere(program: string): boolean {
  try {
    execFileSync('which', [program], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}

/** Writes a document as the formatter wants it, so that `npm run check` has nothing to say about it. */
export function writeDocument(file: string, text: string): void {
  writeFileSync(file, text)
  execFileSync(BIOME, ['format', '--write', file], { stdio: 'ignore' })
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

/** Runs a program to its end, or for `timeoutMs` (then `code` is null). */
export function run(program: string, args: readonly string[], input?: string, timeoutMs = 20_000, where: Where = {}): Promise<Finished> {
  return new Promise((resolve) => {
    const child = spawn(program, args, { stdio: ['pipe', 'pipe', 'pipe'], ...where })
    let stdout = ''
    let stderr = ''
    child.stdout.on('data', (chunk) => {
      stdout += chunk
    })
    child.stderr.on('data', (chunk) => {
      stderr += chunk
    })
    const timer = setTimeout(() => child.kill('SIGKILL'), timeoutMs)
    child.on('error', (error) => {
      stderr += error.message
    })
    child.on('close', (code) => {
      clearTimeout(timer)
      resolve({ stdout, stderr, code })
    })
    child.stdin.on('error', () => {}) // it may end without having read everything
    child.stdin.end(input ?? '')
  })
}
