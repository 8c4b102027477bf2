/** The workflows use only actions that are pinned by commit, and no permission that a job does not name. */
import { globSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, test } from 'vitest'

const root = path.dirname(import.meta.dirname)
const workflows = globSync('.github/workflows/*.yml', { cwd: root }).sort()

test('there is one for changes and one for releases', () => {
  expect(workflows.map((file) => path.basename(file))).toEqual(['ci.yml', 'release.yml'])
})

describe.each(workflows)('%s', (file) => {
  const text = readFileSync(path.join(root, file), 'utf8')
  const lines = text.split('\n')

  test('pins each action by its commit, with the version beside it', () => {
    const uses = lines.filter((line) => /^\s*-?\s*uses:/.test(line))
    expect(uses.length).toBeGreaterThan(0)
    expect(uses.filter((line) => !/uses: [\w-]+\/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/.test(line))).toEqual([])
  })

  test('has read access at most, unless a job asks for more', () => {
    expect(text).toMatch(/^permissions:( \{\}|\n {2}contents: read)$/m)
  })

  test('gives each job a limit of time, and no checkout the token', () => {
    const count = (pattern: RegExp): number => [...text.matchAll(pattern)].length
    expect(count(/^ {4}timeout-minutes: \d+$/gm)).toBe(count(/^ {4}runs-on: /gm))
    expect(count(/persist-credentials: false/g)).toBe(count(/uses: actions\/checkout@/g))
  })

  test('runs only scripts that exist', () => {
    const { scripts } = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8'))
    const named = [...text.matchAll(/npm (?:run )?((?<=run )[\w:]+|test)/g)].map((m) => m[1]!)
    expect(named.length).toBeGreaterThan(0)
    expect(named.filter((name) => !(name in scripts))).toEqual([])
  })
})
