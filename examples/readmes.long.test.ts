/** Every program and session in the README of a package runs, against a broker in this process. */
import { spawn } from 'node:child_process'
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { type Broker, startBroker } from '@tidemark/broker'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { publishedPackages, root } from '../scripts/publish/packages.ts'
import { programsOf, README_ADDRESS, readmeOf, sessionsOf } from '../scripts/publish/readme.ts'

const SOURCE = '--conditions=@tidemark/source'

let broker: Broker
/** What programs write down of the moves they make. */
let state: string
beforeAll(async () => {
  broker = await startBroker({ data: ':memory:' })
  state = mkdtempSync(path.join(tmpdir(), 'tidemark-state-'))
})
afterAll(async () => {
  await broker.close()
  rmSync(state, { recursive: true })
})

interface Result {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

function run(command: string, args: readonly string[], cwd: string, env: NodeJS.ProcessEnv = process.env): Promise<Result> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] })
    const result = { stdout: '', stderr: '' }
    child.stdout.setEncoding('utf8').on('data', (text) => (result.stdout += text))
    child.stderr.setEncoding('utf8').on('data', (text) => (result.stderr += text))
    child.on('error', reject).on('close', (code) => resolve({ code, ...result }))
  })
}

/** In order of their dependence: the program of `offsets` looks at the group of the program of `consumer`. */
const programs = publishedPackages().flatMap(({ folder }) => programsOf(readmeOf(folder)).map((program) => ({ folder, ...program })))

test.each(programs)('the program in the README of $folder prints what the README says', async ({ folder, source, output }) => {
  expect(output).not.toBe('')
  const program = source.replaceAll(README_ADDRESS, broker.brokers[0]!)
  const args = [SOURCE, '--input-type=module-typescript', '--eval', program]
  const env = { ...process.env, XDG_STATE_HOME: state }
  expect(await run(process.execPath, args, path.join(root, 'packages', folder), env)).toEqual({ code: 0, stdout: output, stderr: '' })
})

test('every library shows a program', () => {
  const shown = new Set(programs.map((program) => program.folder))
  expect([...shown]).toEqual(publishedPackages().flatMap(({ folder }) => (folder === 'tidemark' ? [] : [folder])))
})

const sessions = sessionsOf(readmeOf('tidemark'))

test.skipIf(process.platform === 'win32')('the session in the README of tidemark runs', async () => {
  expect(sessions.length).toBeGreaterThan(0)
  const bin = mkdtempSync(path.join(tmpdir(), 'tidemark-bin-'))
  await using fresh = await startBroker({ data: ':memory:' })
  try {
    const command = path.join(bin, 'tidemark')
    writeFileSync(command, `#!/bin/sh\nexec '${process.execPath}' ${SOURCE} '${path.join(root, 'packages/tidemark/src/main.ts')}' "$@"\n`)
    chmodSync(command, 0o755)
    const env = { ...process.env, PATH: `${bin}${path.delimiter}${process.env.PATH}`, TIDEMARK_BROKERS: fresh.brokers[0]! }
    for (const session of sessions) {
      const { code, stdout, stderr } = await run('sh', ['-e', '-c', session], bin, env)
      expect({ code, stderr }).toMatchObject({ code: 0 })
      expect(stdout).toContain('two apples\na pear\n')
      expect(stdout).toContain('billing')
    }
  } finally {
    rmSync(bin, { recursive: true })
  }
})
