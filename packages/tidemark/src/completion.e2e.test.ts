/** What a shell completes, by the shell itself. */
import { execFileSync, spawnSync } from 'node:child_process'
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { endAll, PROGRAM, tidemark, up } from './testing/command.ts'

const folder = mkdtempSync(path.join(tmpdir(), 'tidemark-completion-'))
let address: string

beforeAll(async () => {
  ;({ address } = await up('--memory'))
  writeFileSync(path.join(folder, 'tidemark'), `#!/bin/sh\nexec '${process.execPath}' '${PROGRAM}' "$@"\n`)
  chmodSync(path.join(folder, 'tidemark'), 0o755)
  for (const topic of ['orders', 'outbox']) await tidemark(['topic', 'create', topic, '-b', address])
  await tidemark(['produce', 'orders', '-b', address], 'x\n')
  await tidemark(['consume', 'orders', '-g', 'billing', '-n', '1', '-b', address])
})
afterAll(async () => {
  await endAll()
  rmSync(folder, { recursive: true })
})

const has = (shell: string): boolean => spawnSync(shell, ['-c', ':']).status === 0
const env = (): NodeJS.ProcessEnv => ({ ...process.env, PATH: `${folder}:${process.env.PATH}`, TIDEMARK_BROKERS: address })

describe.skipIf(process.platform === 'win32' || !has('bash'))('bash', () => {
  const complete = (line: string): string[] => {
    const script = `source <(tidemark completion bash); COMP_LINE='${line}'; COMP_POINT=\${#COMP_LINE}; _tidemark; printf '%s\\n' "\${COMPREPLY[@]}"`
    return execFileSync('bash', ['-c', script], { env: env(), encoding: 'utf8' }).split('\n').filter(Boolean)
  }

  test('completes commands, options, and the names of topics and groups', () => {
    expect(complete('tidemark off')).toEqual(['offsets'])
    expect(complete('tidemark offsets un')).toEqual(['undo'])
    expect(complete('tidemark topic describe o')).toEqual(['orders', 'outbox'])
    expect(complete('tidemark offsets plan ')).toEqual(['billing'])
    expect(complete('tidemark offsets plan billing --to-e')).toEqual(['--to-earliest'])
  })

  test('offers nothing, and says nothing, where the cluster is away', async () => {
    const { code, stdout, stderr } = await tidemark(['__complete', '--', 'lag', '-b', '127.0.0.1:1', ''])
    expect([code, stdout, stderr]).toEqual([0, '', ''])
  })
})

test.each(['zsh', 'fish'])('the script for %s can be read by it', async (shell) => {
  const { code, stdout } = await tidemark(['completion', shell])
  expect([code, stdout]).toEqual([0, expect.stringContaining('tidemark __complete')])
  if (has(shell)) expect(spawnSync(shell, ['-n', '-c', stdout]).status).toBe(0)
})
