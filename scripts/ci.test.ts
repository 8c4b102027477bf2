/** `.ci/run` says truly what its steps did: it is run with an `npm` and a Node.js of the test's own. */
import { spawnSync } from 'node:child_process'
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'

const root = path.dirname(import.meta.dirname)
const GREEN = `case "$*" in
  'run test') printf ' Test Files  3 passed (3)\\n      Tests  40 passed | 1 skipped (41)\\n' ;;
  'run test:long') printf '      Tests  2 passed (2)\\n' ;;
esac`

// Bash is not on every Windows, and CI is not Windows.
describe.skipIf(process.platform === 'win32')('.ci/run', () => {
  let folder: string
  beforeEach(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'tidemark-ci-'))
    for (const name of ['.ci', 'bin', 'node_modules/.bin']) mkdirSync(path.join(folder, name), { recursive: true })
    copyFileSync(path.join(root, '.ci/run'), path.join(folder, '.ci/run'))
  })
  afterEach(() => rmSync(folder, { recursive: true }))

  /** The end of what it prints, and its exit status. */
  function run({ npm = GREEN, node = '' }: { npm?: string; node?: string }): { lines: string[]; status: number | null } {
    const program = (name: string, text: string): void => writeFileSync(path.join(folder, name), `#!/bin/bash\n${text}\n`, { mode: 0o755 })
    program('bin/npm', npm)
    program('node_modules/.bin/node', node)
    const env = { ...process.env, PATH: `${path.join(folder, 'bin')}:${process.env.PATH}`, HERE: folder }
    const { stdout, status } = spawnSync('bash', [path.join(folder, '.ci/run')], { env, encoding: 'utf8' })
    return { lines: stdout.trimEnd().split('\n'), status }
  }

  test('ends with 0 when all passed, and adds the tests up', () => {
    const { lines, status } = run({})
    expect({ last: lines.at(-1), status }).toEqual({ last: '42 passed, 0 failed', status: 0 })
  })

  test('fails, by name, when a test failed', () => {
    const npm = `[ "$*" = 'run test' ] || exit 0
      printf ' FAIL  a.test.ts > adds\\n      Tests  1 failed | 40 passed (41)\\n'; exit 1`
    const { lines, status } = run({ npm })
    expect({ last: lines.slice(-2), status }).toEqual({
      last: [' FAIL  a.test.ts > adds', '40 passed, 1 failed'],
      status: 1,
    })
  })

  test('fails when no test ran', () => {
    const { lines, status } = run({ npm: '' })
    expect({ last: lines.at(-1), status }).toEqual({ last: '0 passed, 0 failed', status: 1 })
  })

  test.each([
    'run check:static',
    'run test',
    'run test:long',
    'run sim:fresh',
    'run check:publish',
    'run packages:try',
    'run conformance -- --again',
  ])('fails, and still counts, when `npm %s` ends with an error', (step) => {
    const { lines, status } = run({ npm: `${GREEN}\n[ "$*" != '${step}' ]` })
    expect({ last: lines.at(-1), status }).toEqual({ last: '42 passed, 0 failed', status: 1 })
  })

  test('gives what kills processes a second try, and says so', () => {
    const node = '[[ "$*" != *kills* ]] || { [ -e "$HERE/tried" ] || { touch "$HERE/tried"; exit 1; }; }'
    const { lines, status } = run({ node })
    expect({ last: lines.slice(-2), status }).toEqual({
      last: ['FIRST TRY FAILED  kills/run --quick', '42 passed, 0 failed'],
      status: 0,
    })
    expect(run({ node: '[[ "$*" != *kills* ]]' }).status).toBe(1)
  })
})
