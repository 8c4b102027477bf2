/** Every example fails when a line that teaches something is taken out of it. */
import { cpSync, globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { examples, runExample } from './testing.case.ts'

const here = import.meta.dirname
const LESSON = '// the lesson'

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

// Beside the examples, so that what they import is found.
const mutants = mkdtempSync(path.join(here, '.without-'))
afterAll(() => rmSync(mutants, { recursive: true, force: true }))

describe.concurrent('an example without a line', () => {
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
      await expect(runExample(path.join(folder, 'main.ts'))).rejects.toThrow()
    },
  )
})

test.each(examples.filter((name) => name !== 'first-steps'))('%s marks its lesson', (name) => {
  expect(lessons.filter(({ example }) => example === name)).not.toHaveLength(0)
})

test.each(examples.filter((name) => name !== 'first-steps'))('%s marks its lesson', (name) => {
  expect(lessons.filter(({ example }) => example === name)).not.toHaveLength(0)
})
