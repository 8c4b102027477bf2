/** What a start loads: modules cost more than anything else, so that a help must not wait for a broker's. */
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { loadProgram } from './program.ts'
import { PROGRAM } from './testing/command.ts'

const LISTING = `data:text/javascript,${encodeURIComponent(`
  import { registerHooks } from 'node:module'
  const loaded = []
  registerHooks({ load: (url, context, next) => { loaded.push(url); return next(url, context) } })
  process.on('exit', () => process.stderr.write(loaded.join('\\n')))
`)}`

/** The packages of the workspace of which a chunk of the bundle was loaded. */
function packagesLoadedBy(args: readonly string[]): string[] {
  const { stderr } = spawnSync(process.execPath, ['--import', LISTING, PROGRAM, ...args], { encoding: 'utf8' })
  const chunks = stderr.split('\n').filter((url) => url.startsWith('file:') && url.includes('/dist/'))
  // The bundle names each source file in a comment before its code.
  const sources = chunks.flatMap((url) => [...readFileSync(fileURLToPath(url), 'utf8').matchAll(/^\/\/ packages\/(\w+)\/src\//gm)])
  return [...new Set(sources.map(([, name]) => name!))].sort()
}

test.each([
  ['the version loads nothing of the bundle', ['--version'], []],
  ['the help knows the commands by name', ['--help'], ['platform', 'tidemark']],
  ['a script for a shell needs no client', ['completion', 'bash'], ['platform', 'tidemark']],
  ['commands are completed without a client', ['__complete', '--', 'offsets', 'p'], ['platform', 'tidemark']],
  ['the profiles are a file', ['profile', 'list', '-o', 'json'], ['client', 'platform', 'protocol', 'tidemark']],
  ['topics need neither broker nor console', ['topic', 'create', '--help'], ['client', 'platform', 'protocol', 'tidemark']],
] as const)('%s: %o', (_, args, packages) => {
  expect(packagesLoadedBy(args)).toEqual(packages)
})

const nouns = (await loadProgram('all')).commands.filter(({ commands }) => commands.length > 0).map((noun) => noun.name())

test.each(nouns)('so does the help of %s, whose commands it knows by name', (noun) => {
  expect(packagesLoadedBy([noun, '--help'])).toEqual(['platform', 'tidemark'])
})
