/**
 * Packs each published package and checks the tarball: publint, @arethetypeswrong/cli (ESM only), and that the packed
 * code imports nothing but what the package declares. `npm run check:publish`; needs `npm run build` first.
 */
import { execFile } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { builtinModules, createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'
import { publint } from 'publint'
import { formatMessage } from 'publint/utils'
import { type Manifest, type Package, packAll, publishedPackages } from './packages.ts'

const run = promisify(execFile)
const attw = path.join(path.dirname(createRequire(import.meta.url).resolve('@arethetypeswrong/cli/package.json')), 'dist', 'index.js')

/**
 * In the bundle of the command line: text that fastify's generators of code would write into files, and do not here.
 */
const IN_GENERATED_TEXT: ReadonlySet<string> = new Set(['ajv', 'ajv-formats', 'fast-json-stringify'])

const scratch = mkdtempSync(path.join(tmpdir(), 'tidemark-publish-'))
let failed = 0
try {
  const packages = publishedPackages()
  const tarballs = await packAll(packages, scratch)
  for (const one of packages) {
    const tarball = tarballs.get(one.manifest.name)!
    const unpacked = await unpack(tarball)
    const faults = [
      ...(await publintFaults(tarball)),
      ...(await typeFaults(one, tarball)),
      ...exportFaults(unpacked),
      ...importFaults(one, unpacked),
    ]
    console.log(`${faults.length === 0 ? 'ok    ' : 'FAILED'} ${one.manifest.name}`)
    for (const fault of faults) console.log(`       ${fault}`)
    if (faults.length > 0) failed++
  }
  console.log(`${packages.length - failed} passed, ${failed} failed`)
} finally {
  rmSync(scratch, { recursive: true, force: true })
}
process.exitCode = failed === 0 ? 0 : 1

async function publintFaults(tarball: string): Promise<string[]> {
  const bytes = readFileSync(tarball)
  const { messages, pkg } = await publint({ pack: { tarball: new Uint8Array(bytes).buffer }, strict: true })
  return messages.map((message) => `publint: ${formatMessage(message, pkg as Record<string, unknown>, { color: false })}`)
}

async function typeFaults({ manifest }: Package, tarball: string): Promise<string[]> {
  // The command line exports no module.
  if (entriesOf(manifest).length === 0) return []
  try {
    await run(process.execPath, [attw, tarball, '--profile', 'esm-only', '--no-emoji', '--no-color', '--format', 'ascii'])
    return []
  } catch (error) {
    if (!(error instanceof Error && 'stdout' in error)) throw error
    return [`attw: ${String(error.stdout).trim()}`]
  }
}

function entriesOf(manifest: Manifest): string[] {
  return Object.keys(manifest.exports).filter((entry) => !entry.endsWith('.json'))
}

async function unpack(tarball: string): Promise<string> {
  const into = mkdtempSync(path.join(scratch, 'unpacked-'))
  await run('tar', ['-xzf', path.basename(tarball), '-C', path.basename(into)], { cwd: scratch })
  return path.join(into, 'package')
}

/** publint does not look at conditions of our own: every target of every condition must be packed. */
function exportFaults(unpacked: string): string[] {
  const { exports } = JSON.parse(readFileSync(path.join(unpacked, 'package.json'), 'utf8')) as Manifest
  return targetsOf(exports)
    .filter((target) => !existsSync(path.join(unpacked, target)))
    .map((target) => `exports ${target}, which is not packed`)
}

function targetsOf(exports: unknown): string[] {
  return typeof exports === 'string' ? [exports] : Object.values(exports as object).flatMap(targetsOf)
}

/**
 * Bare imports of the packed JavaScript and declarations that are not declared, and dependencies that nothing imports.
 */
function importFaults({ manifest }: Package, unpacked: string): string[] {
  const dist = path.join(unpacked, 'dist')
  const imported = new Set<string>()
  for (const file of readdirSync(dist, { recursive: true, encoding: 'utf8' }).filter((name) => /\.(js|ts)$/.test(name))) {
    for (const name of bareImports(readFileSync(path.join(dist, file), 'utf8'))) imported.add(name)
  }
  const declared = Object.keys(manifest.dependencies ?? {})
  const isBundle = entriesOf(manifest).length === 0
  const peers = Object.keys(manifest.peerDependencies ?? {})
  return [
    ...[...imported]
      .filter((name) => !declared.includes(name) && !peers.includes(name) && !(isBundle && IN_GENERATED_TEXT.has(name)))
      .map((name) => `imports ${name}, which it does not declare`),
    ...declared.filter((name) => !imported.has(name)).map((name) => `declares ${name}, which nothing imports`),
  ]
}

function bareImports(text: string): string[] {
  const code = text.replaceAll(/\/\*[\s\S]*?\*\//g, '') // examples in docstrings import what their reader has
  return [...code.matchAll(/(?<![.\w])(?:from|import|require|createRequire\([^()]*\))\s*\(?\s*["']([^"'\s]+)["']/g)]
    .map((match) => match[1]!)
    .filter((name) => /^(?:@[\w.-]+\/)?[\w-]/.test(name) && !name.startsWith('node:') && !builtinModules.includes(name))
    .map((name) => name.split('/', name.startsWith('@') ? 2 : 1).join('/'))
}
