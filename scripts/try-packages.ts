/**
 * Tries the packed packages as a user would: installs the tarballs into an empty project, plainly and with
 * `--install-strategy=linked` (where a package finds what it declares, and nothing else), under each Node.js;
 * type-checks and runs every program of the READMEs with each TypeScript; runs `npx tidemark demo`; runs the first
 * test of the README of `testing` under Jest and node:test; and asks Node.js versions that are too old for one
 * friendly line.
 *
 * `npm run packages:try`; one line a combination. What cannot be had from npm or its cache is skipped, by name.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { packAll, publishedPackages } from './publish/packages.ts'
import { endAll } from './publish/processes.ts'
import { programsOf, readmeOf } from './publish/readme.ts'
import { installedRunners, runJest, runNodeTest } from './publish/test-runners.ts'
import { findTool, type Missing, TOO_OLD, type Tool, WANTED } from './publish/toolchain.ts'
import { installed, type Project, runDemo, runPrograms, runTooOld, type Style } from './publish/trial.ts'

const packages = publishedPackages()
const programs = [{ folder: '..' }, ...packages].flatMap(({ folder }) =>
  programsOf(readmeOf(folder)).map((program) => ({ of: folder === '..' ? 'project' : folder, ...program })),
)
const counts = { passed: 0, failed: 0, skipped: 0 }

const scratch = mkdtempSync(path.join(tmpdir(), 'tidemark-try-'))
const clean = (): void => {
  endAll()
  rmSync(scratch, { recursive: true, force: true, maxRetries: 10 })
}
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => {
    clean()
    process.exit(130)
  })
}
try {
  await main()
} finally {
  clean()
}
console.log(`${counts.passed} passed, ${counts.failed} failed${counts.skipped > 0 ? `, ${counts.skipped} skipped` : ''}`)
process.exitCode = counts.failed > 0 ? 1 : 0

async function main(): Promise<void> {
  const tarballs = await packAll(packages, scratch)
  const nodes = await toolsOf(WANTED.nodes)
  const typescripts = await toolsOf(WANTED.typescripts)
  let any: Project | undefined
  for (const style of ['plain', 'linked'] as const) {
    for (const node of nodes) any = (await tryIn(style, node, typescripts, tarballs)) ?? any
  }
  await tryRunners(nodes, typescripts.at(-1), tarballs)
  if (any === undefined) return
  const project = any
  for (const old of await toolsOf(TOO_OLD)) await report(`${old.name} is told that it is too old`, () => runTooOld(project, old))
}

async function tryIn(
  style: Style,
  node: Tool,
  typescripts: readonly Tool[],
  tarballs: ReadonlyMap<string, string>,
): Promise<Project | undefined> {
  const where = `${style}, ${node.name}`
  const project = await report(`${where}: npm install`, () => installed(scratch, style, node, tarballs))
  if (project === undefined) return undefined
  for (const typescript of typescripts) {
    await report(`${where}, ${typescript.name}: ${programs.length} programs`, () => runPrograms(project, typescript, programs))
  }
  await report(`${where}: npx tidemark demo`, () => runDemo(project))
  return project
}

/** One project: what it has installed runs under every Node.js. */
async function tryRunners(nodes: readonly Tool[], typescript: Tool | undefined, tarballs: ReadonlyMap<string, string>): Promise<void> {
  const first = nodes[0]
  if (first === undefined || typescript === undefined) return
  const project = await report('test runners: npm install', () => installedRunners(scratch, first, typescript, tarballs))
  if (project === undefined) return
  for (const node of nodes) {
    await report(`test runners, ${node.name}: Jest`, () => runJest(project, node))
    await report(`test runners, ${node.name}: node:test`, () => runNodeTest(project, node))
  }
}

async function toolsOf(wanted: readonly Parameters<typeof findTool>[0][]): Promise<Tool[]> {
  const found: Tool[] = []
  for (const one of wanted) {
    const tool = await findTool(one, path.join(scratch, 'tools'))
    if ('path' in tool) found.push(tool)
    else skip(tool)
  }
  return found
}

function skip({ name, why }: Missing): void {
  counts.skipped++
  console.log(`skipped ${name}: ${why}`)
}

/** Runs one combination and prints a line: passed; skipped, if something is missing; failed, if it rejects. */
async function report<T>(what: string, run: () => Promise<T | Missing>): Promise<T | undefined> {
  const begunMs = performance.now()
  try {
    const result = await run()
    if (isMissing(result)) {
      skip(result)
      return undefined
    }
    counts.passed++
    console.log(`ok      ${what} (${((performance.now() - begunMs) / 1000).toFixed(1)} s)`)
    return result
  } catch (error) {
    counts.failed++
    console.log(`FAILED  ${what}\n        ${(error as Error).message.replaceAll('\n', '\n        ')}`)
    return undefined
  }
}

function isMissing(result: unknown): result is Missing {
  return typeof result === 'object' && result !== null && 'why' in result
}
