/** What a shell completes, by the shell itself. */
import { execFileSync, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { endAll, PROGRAM, tidemark, up } from './testing/command.ts'

const folder = mkdtempSync(path.join(tmpdir(), 'tidemark-completion-'))
let address: string

beforeAll(async () => {
  ;({ address } = await up('--memory'))
  writeFileSync(path.join(folder, 'tidemark'), `#!/bin/sh\nexec '${process.execPath}' '${PROGRAM}' "$@"\n`)
  chmodSync(path.join(folder, 'tidemark'), 0o755)
  vi.stubEnv('XDG_STATE_HOME', path.join(folder, 'state'))
  vi.stubEnv('XDG_CONFIG_HOME', path.join(folder, 'config'))
  for (const topic of ['orders', 'outbox']) await tidemark(['topic', 'create', topic, '-b', address])
  await tidemark(['produce', 'orders', '-b', address], 'x\n')
  await tidemark(['consume', 'orders', '-g', 'billing', '-n', '1', '-b', address])
  for (const name of ['before-deploy', 'before-noon']) await tidemark(['offsets', 'bookmark', 'set', 'billing', name, '-b', address])
  await tidemark(['profile', 'add', 'staging', '-b', address])
})
afterAll(async () => {
  vi.unstubAllEnvs()
  await endAll()
  rmSync(folder, { recursive: true })
})

const has = (shell: string): boolean => spawnSync(shell, ['-c', ':']).status === 0
/** A busy machine may take longer than the 300 ms of a key. */
const env = (): NodeJS.ProcessEnv => ({
  ...process.env,
  TIDEMARK_COMPLETION_MS: '20000',
  PATH: `${folder}:${process.env.PATH}`,
  TIDEMARK_BROKERS: address,
})

describe.skipIf(process.platform === 'win32' || !has('bash'))('bash', () => {
  const file = path.join(folder, 'completion.bash')
  beforeAll(async () => writeFileSync(file, (await tidemark(['completion', 'bash'])).stdout))
  const complete = (line: string): string[] => {
    const script = `source '${file}'; COMP_LINE='${line}'; COMP_POINT=\${#COMP_LINE}; _tidemark; printf '%s\\n' "\${COMPREPLY[@]}"`
    return execFileSync('bash', ['-c', script], { env: env(), encoding: 'utf8' }).split('\n').filter(Boolean)
  }

  test('completes commands, options, and the names of topics and groups', () => {
    expect(complete('tidemark off')).toEqual(['offsets'])
    expect(complete('tidemark offsets un')).toEqual(['undo'])
    expect(complete('tidemark topic describe o')).toEqual(['orders', 'outbox'])
    expect(complete('tidemark offsets plan ')).toEqual(['billing'])
    expect(complete('tidemark offsets plan billing --to-e')).toEqual(['--to-earliest'])
  })

  test('completes bookmarks, profiles, and targets behind their colon', () => {
    expect(complete('tidemark offsets bookmark delete billing before-d')).toEqual(['before-deploy'])
    expect(complete('tidemark profile use s')).toEqual(['staging'])
    expect(complete('tidemark lag --profile ')).toEqual(['staging'])
    expect(complete('tidemark offsets move billing --to b')).toEqual(['bookmark:'])
    expect(complete('tidemark offsets move billing --to bookmark:before-n')).toEqual(['before-noon'])
    expect(complete('tidemark offsets move other --to group:')).toEqual(['billing'])
  })

  test('its script is one that bash can read', async () => {
    const { stdout } = await tidemark(['completion', 'bash'])
    expect(spawnSync('bash', ['-n'], { input: stdout, encoding: 'utf8' })).toMatchObject({ status: 0, stderr: '' })
  })

  test.skipIf(spawnSync('script', ['--version']).status !== 0)('at a key, in an interactive bash', async () => {
    const shell = spawn('script', ['-qec', 'bash --norc --noprofile -i', '/dev/null'], { env: { ...env(), TERM: 'dumb' } })
    const ended = once(shell, 'close')
    let text = ''
    shell.stdout.setEncoding('utf8').on('data', (part) => (text += part))
    shell.stdin.write('source <(tidemark completion bash)\n')
    shell.stdin.end('tidemark offsets pl\tb\t--to bookmark:before-n\t\nexit\n')
    await ended
    expect(text).toContain('tidemark offsets plan billing --to bookmark:before-noon')
    // This terminal says that it has no columns: nothing is cut for it.
    expect(text).toMatch(/TOPIC +PARTITION +BEFORE +AFTER/)
  })

  test('does not wait for a cluster that is silent', async () => {
    let connections = 0
    const silent = createServer(() => connections++).listen(0, '127.0.0.1')
    await once(silent, 'listening')
    const { port } = silent.address() as AddressInfo
    const out = await tidemark(['__complete', '--', 'lag', '-b', `127.0.0.1:${port}`, ''])
    silent.close()
    expect(out).toEqual({ code: 0, stdout: '', stderr: '' })
    // A client waits 10 s for an answer, and then tries again.
    expect(connections).toBe(1)
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
