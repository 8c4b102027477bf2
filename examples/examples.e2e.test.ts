/** Every example runs, asserts the effect that it teaches, and fails when the line that teaches it is taken out. */
import { execFile } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { promisify } from 'node:util'
import { afterAll, expect, test } from 'vitest'

const here = import.meta.dirname
const LESSON = '// the lesson'

interface Example {
  readonly name: string
  readonly file: string
  readonly lines: readonly string[]
  readonly lessons: readonly string[]
}

const examples = readdirSync(here, { withFileTypes: true })
  .filter((entry) => entry.isDirectory() && !entry.name.startsWith('.'))
  .map(({ name }): Example => {
    const file = path.join(here, name, 'main.ts')
    const lines = readFileSync(file, 'utf8').split('\n')
    return { name, file, lines, lessons: lines.filter((line) => line.includes(LESSON)) }
  })

const run = (file: string) =>
  promisify(execFile)(process.execPath, ['--conditions=@tidemark/source', file], { timeout: 60_000, killSignal: 'SIGKILL' })

// Beside the examples, so that what they import is found.
const mutants = mkdtempSync(path.join(here, '.without-'))
afterAll(() => rmSync(mutants, { recursive: true, force: true }))

test.concurrent.each(examples)('$name runs to its end', async ({ name, file }) => {
  const { stdout, stderr } = await run(file)
  expect(stdout).toBe(readFileSync(path.join(here, name, 'output.txt'), 'utf8'))
  expect(stderr).toBe('')
})

test.each(examples.filter(({ name }) => name !== 'first-steps'))('$name marks its lesson', ({ lessons }) => {
  expect(lessons).not.toHaveLength(0)
})

test.concurrent.each(
  examples.flatMap(({ name, lines, lessons }) => lessons.map((lesson) => [name, lesson.trim().split(' //')[0]!, lines, lesson] as const)),
)('%s fails without its line: %s', async (name, _, lines, lesson) => {
  const folder = path.join(mutants, `${name}-${lines.indexOf(lesson)}`)
  mkdirSync(folder)
  const file = path.join(folder, 'main.ts')
  const without = lines.filter((line) => line !== lesson).join('\n')
  writeFileSync(file, without.replaceAll("from '../", "from '../../"))
  await expect(run(file)).rejects.toThrow()
})

test('the README shows first-steps', () => {
  const readme = readFileSync(path.join(here, '..', 'README.md'), 'utf8')
  expect(readme).toContain(readFileSync(path.join(here, 'first-steps', 'main.ts'), 'utf8'))
})
