/** CONTRIBUTING.md names files and scripts that exist; decisions are numbered without a gap. */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'

const root = path.dirname(import.meta.dirname)
const text = readFileSync(path.join(root, 'CONTRIBUTING.md'), 'utf8')

test('every path in CONTRIBUTING.md exists', () => {
  const paths = [...text.matchAll(/`((?:packages|scripts|docs|conformance|benchmarks|\.github)\/[^` ]+)`/g)].map((m) => m[1]!)
  // A name in capitals stands for any: `handle/NN-name.ts`, `commands/NAME.ts`.
  const named = paths.map((name) => (/NN|NAME/.test(name) ? path.dirname(name) : name))
  expect(named.length).toBeGreaterThan(30)
  expect(named.filter((name) => !existsSync(path.join(root, name)))).toEqual([])
})

test('every script in CONTRIBUTING.md exists', () => {
  const { scripts } = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8'))
  const named = [...text.matchAll(/npm run ([\w:]+)/g)].map((m) => m[1]!)
  expect(named.length).toBeGreaterThan(5)
  expect(named.filter((name) => !(name in scripts))).toEqual([])
})

test('each decision has a number of its own, in its name and in its title', () => {
  const folder = path.join(root, 'docs', 'decisions')
  const names = readdirSync(folder).sort()
  const numbers = names.map((name) => Number(name.slice(0, 4)))
  expect(numbers).toEqual(names.map((_, i) => i + 1))
  const titles = names.map((name) => readFileSync(path.join(folder, name), 'utf8').split('.')[0])
  expect(titles).toEqual(numbers.map((number) => `# ${number}`))
})
