/**
 * Every command of the guide's pages on groups and offsets runs as it stands there, in order, against a broker of the
 * page's own.
 */
import { spawn } from 'node:child_process'
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { type Broker, startBroker } from '@tidemark/broker'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { PROGRAM } from './testing/command.ts'

const PAGES = ['offsets/6-seeing.md', 'offsets/7-moving.md', 'operators-hour.md']

function commandsOf(name: string): (readonly [command: string, code: number])[] {
  const page = readFileSync(new URL(`../../../docs/guide/${name}`, import.meta.url), 'utf8')
  const lines = [...page.matchAll(/^<!-- run -->\n\n```sh\n([\s\S]*?)^```$/gm)].flatMap(([, block]) => block!.trim().split('\n'))
  return lines.map((line) => {
    const [, command, code = '0'] = /^(.*?)(?: {2}# exits with (\d))?$/.exec(line)!
    return [command!, Number(code)]
  })
}

let broker: Broker
let folder: string
function run(command: string): Promise<{ code: number | null; text: string }> {
  const env = {
    ...process.env,
    PATH: `${path.join(folder, 'bin')}${path.delimiter}${process.env.PATH}`,
    TIDEMARK_BROKERS: broker.brokers[0]!,
    XDG_STATE_HOME: folder,
    XDG_CONFIG_HOME: folder,
  }
  return new Promise((resolve, reject) => {
    const child = spawn('sh', ['-c', command], { cwd: folder, env, stdio: ['ignore', 'pipe', 'pipe'] })
    let text = ''
    for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (part) => (text += part))
    child.on('error', reject).on('close', (code) => resolve({ code, text }))
  })
}

describe.each(PAGES)('%s', (page) => {
  beforeAll(async () => {
    broker = await startBroker({ data: ':memory:' })
    folder = mkdtempSync(path.join(tmpdir(), 'tidemark-guide-'))
    mkdirSync(path.join(folder, 'bin'))
    const command = path.join(folder, 'bin', 'tidemark')
    writeFileSync(command, `#!/bin/sh\nexec '${process.execPath}' '${PROGRAM}' "$@"\n`)
    chmodSync(command, 0o755)
  })
  afterAll(async () => {
    await broker.close()
    rmSync(folder, { recursive: true })
  })

  const commands = commandsOf(page)

  test('there are such commands', () => expect(commands.length).toBeGreaterThan(10))

  test.skipIf(process.platform === 'win32').each(commands)('%s', async (command, code) => {
    const { code: ended, text } = await run(command)
    expect(ended, text).toBe(code)
  })
})
