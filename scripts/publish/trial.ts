/** One project that has the packed packages installed, and what is tried in it. */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { root } from './packages.ts'
import { finished, whileRunning } from './processes.ts'
import { type Program, README_ADDRESS } from './readme.ts'
import { isUnavailable, type Missing, NPM_FLAGS, type Tool } from './toolchain.ts'

const workspace = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8'))

export type Style = 'plain' | 'linked'

export interface Project {
  readonly folder: string
  readonly node: Tool
  readonly env: NodeJS.ProcessEnv
}

/** A program of a README, and the folder of its package. */
export interface NamedProgram extends Program {
  readonly of: string
}

const SERVE = `import { startBroker } from '@tidemark/broker'
const broker = await startBroker({ data: ':memory:' })
console.log(broker.brokers[0])
`

/** As strict as can be, and declarations are checked too. */
export const COMPILER_OPTIONS = {
  target: 'es2023',
  module: 'nodenext',
  types: ['node'],
  strict: true,
  exactOptionalPropertyTypes: true,
  noUncheckedIndexedAccess: true,
  skipLibCheck: false,
  rootDir: 'src',
  outDir: 'out',
}

/** A new project under `into` with every package; see `installedWith`. */
export function installed(into: string, style: Style, node: Tool, tarballs: ReadonlyMap<string, string>): Promise<Project | Missing> {
  const flags = style === 'linked' ? ['--install-strategy=linked'] : []
  return installedWith({ folder: path.join(into, `${style}-${node.version}`), node, tarballs, flags })
}

interface ProjectWish {
  readonly folder: string
  readonly node: Tool
  readonly tarballs: ReadonlyMap<string, string>
  /** Of npm. */
  readonly flags?: readonly string[]
  /** What else is installed: its versions by name. */
  readonly others?: Readonly<Record<string, string>>
}

/**
 * A new project with every package installed by npm under `node`; or what npm could not get. Rejects if the packages
 * themselves cannot be installed.
 */
export async function installedWith({ folder, node, tarballs, flags = [], others }: ProjectWish): Promise<Project | Missing> {
  mkdirSync(folder)
  const dependencies = Object.fromEntries([...tarballs].map(([name, file]) => [name, `file:${file}`]))
  const devDependencies = { '@types/node': workspace.devDependencies['@types/node'], ...others }
  writeFileSync(
    path.join(folder, 'package.json'),
    JSON.stringify({ name: 'trial', private: true, type: 'module', dependencies, devDependencies }),
  )
  const env = withFirst(path.dirname(node.path))
  const npm = await finished('npm', ['install', ...NPM_FLAGS, ...flags], { cwd: folder, env, timeoutMs: 120_000 })
  if (npm.code === 0) return { folder, node, env }
  if (!isUnavailable(npm)) throw new Error(npm.all.trim())
  return { name: path.basename(folder), why: `npm cannot install what the packages depend on: ${npm.all.trim().split('\n')[0]}` }
}

/** The environment in which the programs of `folder` are found first. */
function withFirst(folder: string): NodeJS.ProcessEnv {
  // Windows calls it Path.
  const name = Object.keys(process.env).find((key) => key.toUpperCase() === 'PATH') ?? 'PATH'
  return { ...process.env, [name]: `${folder}${path.delimiter}${process.env[name]}` }
}

/** Every program of the READMEs, against a broker of the packed package under the same Node.js. */
export async function runPrograms({ folder, node, env }: Project, typescript: Tool, programs: readonly NamedProgram[]): Promise<void> {
  writeFileSync(path.join(folder, 'serve.js'), SERVE)
  await whileRunning(node.path, ['serve.js'], { cwd: folder, env }, async (address) => {
    const from = path.join(folder, 'src')
    const to = path.join(folder, 'out')
    for (const made of [from, to]) rmSync(made, { recursive: true, force: true })
    mkdirSync(from)
    // A README may have several.
    const fileOf = (nth: number): string => `${programs[nth]!.of}-${nth}`
    for (const [i, { source }] of programs.entries())
      writeFileSync(path.join(from, `${fileOf(i)}.ts`), source.replaceAll(README_ADDRESS, address))
    writeFileSync(path.join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions: COMPILER_OPTIONS, include: ['src'] }))
    const compiled = await finished(process.execPath, [typescript.path, '-p', '.'], { cwd: folder })
    if (compiled.code !== 0) throw new Error(`tsc: ${compiled.all.trim()}`)
    for (const [i, { of: name, output }] of programs.entries()) {
      const ran = await finished(node.path, [path.join('out', `${fileOf(i)}.js`)], { cwd: folder, env })
      if (ran.code !== 0 || ran.all !== output) throw new Error(`the program of ${name} ended with ${ran.code}: ${ran.all.trim()}`)
    }
  })
}

/** The command line under a Node.js that is too old for it. */
export async function runTooOld({ folder }: Project, old: Tool): Promise<void> {
  const bin = path.join('node_modules', 'tidemark', 'bin', 'tidemark.js')
  const told = await finished(old.path, [bin, 'topic', 'list'], { cwd: folder })
  const isOneLine = /^tidemark: needs Node\.js 22\.22 or later[^\n]*\n$/.test(told.all)
  if (told.code !== 1 || !isOneLine) throw new Error(`it ended with ${told.code}: ${told.all.trim().slice(0, 2000)}`)
}

export async function runDemo({ folder, env }: Project): Promise<void> {
  const demo = await finished('npx', ['--no-install', 'tidemark', 'demo', '--rate', '20000'], { cwd: folder, env, timeoutMs: 120_000 })
  if (demo.code !== 0) throw new Error(`it ended with ${demo.code}: ${demo.all.trim().slice(-2000)}`)
}
