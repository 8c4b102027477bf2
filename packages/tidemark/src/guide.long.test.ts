/**
 * Every command of the guide's pages on groups and offsets runs as it stands there, in order, against a broker of the
 * page's own.
 */
import { readFileSync } from 'node:fs'
import { type Broker, startBroker } from '@tidemark/broker'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Shell } from './testing/shell.ts'

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
let shell: Shell

describe.each(PAGES)('%s', (page) => {
  beforeAll(async () => {
    broker = await startBroker({ data: ':memory:' })
    shell = new Shell(broker.brokers)
  })
  afterAll(async () => {
    await broker.close()
    shell.close()
  })

  const commands = commandsOf(page)

  test('there are such commands', () => expect(commands.length).toBeGreaterThan(10))

  test.skipIf(process.platform === 'win32').each(commands)('%s', async (command, code) => {
    const { code: ended, stdout, stderr } = await shell.run(command)
    expect(ended, `${stdout}\n${stderr}`).toBe(code)
  })
})
