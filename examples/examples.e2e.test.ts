/** Every example runs, and the README shows the first one as it is. */
import { execFile } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'

const here = import.meta.dirname
const examples = readdirSync(here, { withFileTypes: true }).filter((entry) => entry.isDirectory())

test.each(examples.map((e) => e.name))('%s runs to its end', async (name) => {
  const { stdout, stderr } = await promisify(execFile)(process.execPath, [
    '--conditions=@tidemark/source',
    path.join(here, name, 'main.ts'),
  ])
  expect(stdout).toBe(readFileSync(path.join(here, name, 'output.txt'), 'utf8'))
  expect(stderr).toBe('')
})

test('the README shows first-steps', () => {
  const readme = readFileSync(path.join(here, '..', 'README.md'), 'utf8')
  expect(readme).toContain(readFileSync(path.join(here, 'first-steps', 'main.ts'), 'utf8'))
})
