/** Every example runs, asserts the effect that it teaches, and fails when the line that teaches it is taken out. */
import { execFile } from 'node:child_process'
import { cpSync, globSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'
import { afterAll, describe, expect, test } from 'vitest'

const here = import.meta.dirname
const LESSON = '// the lesson'

const examples = readdirSync(here, { withFileTypes: true })
  .filter((entry) => entry.isDirectory() && !entry.name.startsWith('.'))
  .map(({ name }) => name)

interface Lesson {
  readonly example: string
  readonly file: string
  readonly line: string
}

const lessons: readonly Lesson[] = globSync('*/*.ts', { cwd: here }).flatMap((found) => {
  const [example, file] = found.split(path.sep) as [string, string]
  const lines = readFileSync(path.join(here, found), 'utf8').split('\n')
  return lines.filter((line) => line.includes(LESSON)).map((line) => ({ example, file, line }))
})

// What Node.js makes of the sources is made once for all processes.
const cache = mkdtempSync(path.join(tmpdir(), 'tidemark-examples-'))

const run = (file: string) =>
  promisify(execFile)(process.execPath, ['--conditions=@tidemark/source', file], {
    env: { ...process.env, NODE_COMPILE_CACHE: cache },
    timeout: 90_000,
    killSignal: 'SIGKILL',
  })

/** Windows has no signal that lets a process end in order. */
const isLeftOut = (example: string): boolean => process.platform === 'win32' && example === '11-order-service'

// Beside the examples, so that what they import is found.
const mutants = mkdtempSync(path.join(here, '.without-'))
afterAll(() => {
  for (const folder of [mutants, cache]) rmSync(folder, { recursive: true, force: true })
})

describe.concurrent('the examples', () => {
  test.each(examples.filter((name) => !isLeftOut(name)))('%s runs to its end', async (name) => {
    const { stdout, stderr } = await run(path.join(here, name, 'main.ts'))
    expect(stdout).toBe(readFileSync(path.join(here, name, 'output.txt'), 'utf8'))
    expect(stderr).toBe('')
  })

  test.each(lessons.map((lesson) => [lesson.example, lesson.line.trim().split(' //')[0]!, lesson] as const))(
    '%s fails without its line: %s',
    async (name, _, { file, line }) => {
      const folder = mkdtempSync(path.join(mutants, `${name}-`))
      cpSync(path.join(here, name), folder, { recursive: true })
      for (const copied of globSync('*.ts', { cwd: folder })) {
        const text = readFileSync(path.join(folder, copied), 'utf8')
        const lines = text.split('\n').filter((l) => copied !== file || l !== line)
        writeFileSync(path.join(folder, copied), lines.join('\n').replaceAll("from '../", "from '../../"))
      }
      await expect(run(path.join(folder, 'main.ts'))).rejects.toThrow()
    },
  )
})

test.each(examples.filter((name) => name !== 'first-steps'))('%s marks its lesson', (name) => {
  expect(lessons.filter(({ example }) => example === name)).not.toHaveLength(0)
})

test('the README shows first-steps', () => {
  const readme = readFileSync(path.join(here, '..', 'README.md'), 'utf8')
  expect(readme).toContain(readFileSync(path.join(here, 'first-steps', 'main.ts'), 'utf8'))
})
