/** Every example runs, and prints what its page shows: the effect that it teaches, asserted by the example itself. */
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { examples, runExample } from './testing.case.ts'

const here = import.meta.dirname

describe.concurrent('the examples', () => {
  test.each(examples)('%s runs to its end', async (name) => {
    const { stdout, stderr } = await runExample(path.join(here, name, 'main.ts'))
    expect(stdout).toBe(readFileSync(path.join(here, name, 'output.txt'), 'utf8'))
    expect(stderr).toBe('')
  })
})
