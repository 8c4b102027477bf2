/**
 * On a real terminal (a pty of util-linux's `script`) no line is wider than it; in a pipe there is nothing that only a
 * terminal understands.
 */
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { stripVTControlCharacters } from 'node:util'
import { type Broker, startBroker } from '@tidemark/broker'
import { createAdmin, createKafka, createProducer } from '@tidemark/client'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { endAll, finished, PROGRAM, startWith } from './testing/command.ts'

let broker: Broker
let folder: string
const TOPIC = 'orders-of-the-whole-world-and-some-more-of-them'
const GROUP = 'billing-of-the-whole-world-and-some-more-of-it'

beforeAll(async () => {
  broker = await startBroker({ data: ':memory:' })
  folder = mkdtempSync(path.join(tmpdir(), 'tidemark-terminal-'))
  await using kafka = createKafka({ brokers: broker.brokers })
  const { topics, groups } = createAdmin(kafka)
  await topics.create(TOPIC, { partitions: 3, configs: { 'retention.ms': '-1' } })
  await using producer = createProducer(kafka)
  await producer.send(
    TOPIC,
    Array.from({ length: 30 }, (_, i) => ({ key: `key-${i}`, value: 'a value that is long '.repeat(9), partition: i % 3 })),
  )
  // The last one is beyond its end: an error for doctor.
  await groups.setOffsets(GROUP, [
    { topic: TOPIC, partition: 0, offset: 2, metadata: 'written by somebody else, and rather long for a terminal' },
    { topic: TOPIC, partition: 1, offset: 5 },
    { topic: TOPIC, partition: 2, offset: 99 },
  ])
})
afterAll(async () => {
  await endAll()
  await broker.close()
  rmSync(folder, { recursive: true })
})

const environment = (more: NodeJS.ProcessEnv = {}): NodeJS.ProcessEnv => {
  const { NO_COLOR: _none, FORCE_COLOR: _forced, ...inherited } = process.env
  const own = { TIDEMARK_BROKERS: broker.brokers[0]!, XDG_STATE_HOME: folder, XDG_CONFIG_HOME: folder, TERM: 'xterm-256color', TZ: 'UTC' }
  return { ...inherited, ...own, ...more }
}

/** What the command writes to a terminal of so many columns; its stderr too where `isAll`. */
function onTerminal(columns: number, args: string, { isAll = false, env = {} as NodeJS.ProcessEnv } = {}): Promise<string> {
  const line = `stty cols ${columns} rows 24; exec '${process.execPath}' '${PROGRAM}' ${args}${isAll ? '' : ' 2>/dev/null'}`
  return new Promise((resolve, reject) => {
    const child = spawn('script', ['-qec', line, '/dev/null'], { env: environment(env), stdio: ['pipe', 'pipe', 'pipe'] })
    let text = ''
    child.stdout.setEncoding('utf8').on('data', (part) => (text += part))
    child.on('error', reject).on('close', () => resolve(text))
  })
}

const linesOf = (text: string): string[] => stripVTControlCharacters(text).split(/\r*\n/)
const COMMANDS = [
  `lag ${GROUP}`,
  'lag',
  `group describe ${GROUP}`,
  'group list',
  `offsets show ${GROUP}`,
  `offsets plan ${GROUP} --to start`,
  `topic describe ${TOPIC}`,
  'topic list',
  `peek ${GROUP}`,
]

const hasTerminals = process.platform === 'linux' && spawnSync('script', ['--version']).status === 0

describe.skipIf(!hasTerminals)('a terminal', () => {
  describe.each([40, 60, 80])('of %i columns', (columns) => {
    test.each(COMMANDS)('tidemark %s', async (args) => {
      const lines = linesOf(await onTerminal(columns, args))
      expect(lines.length).toBeGreaterThan(2)
      expect(lines.filter((line) => line.length > columns)).toEqual([])
    })

    test('tidemark doctor: findings are wrapped, commands stay whole', async () => {
      const lines = linesOf(await onTerminal(columns, `doctor ${GROUP}`))
      expect(lines.join(' ').replaceAll(/\s+/g, ' ')).toContain('beyond the end')
      expect(lines.filter((line) => line.length > columns && !line.startsWith('         tidemark '))).toEqual([])
    })

    test('tidemark lag --watch', async () => {
      const text = await onTerminal(columns, `lag ${GROUP} --watch 0.1 --fail-over 1`)
      expect(text).toContain('\u001b[H\u001b[J')
      expect(linesOf(text).filter((line) => line.length > columns)).toEqual([])
    })
  })

  test('tidemark graduate draws a bar, in its place, and nothing with --quiet', async () => {
    const other = await startBroker({ data: ':memory:' })
    try {
      const args = `graduate --topic ${TOPIC} --to-brokers ${other.brokers[0]} --yes`
      const text = await onTerminal(60, args, { isAll: true })
      // biome-ignore lint/suspicious/noControlCharactersInRegex: escape sequences begin with one
      expect(text).toMatch(/\r\u001b\[K100 % {2}60 of 60 {2}[\d,]+\/s {2}orders-of-the-who[^\n]*…\r\u001b\[K/)
      expect(text).toContain('copied and compared 30 records')
      expect(await onTerminal(60, `${args} --quiet 2>&1 >/dev/null`, { isAll: true })).not.toContain('%')
    } finally {
      await other.close()
    }
  })

  test('tidemark offsets translate draws a bar of the partitions that were compared', async () => {
    const args = `offsets translate ${GROUP} --to-brokers ${broker.brokers[0]} --as another --dry-run`
    const text = await onTerminal(60, args, { isAll: true })
    // biome-ignore lint/suspicious/noControlCharactersInRegex: escape sequences begin with one
    expect(text).toMatch(/\r\u001b\[K100 % {2}3 of 3 {2}[\d,]+\/s {2}compared orders-of[^\n]*…\r\u001b\[K/)
  })

  const DEMO = 'demo --rate 30000 --no-kill-consumer-at --no-kill-broker-at'

  test('tidemark demo, of 40 columns and with NO_COLOR: in place, and without a colour', async () => {
    const text = await onTerminal(40, DEMO, { isAll: true, env: { NO_COLOR: '1' } })
    expect(text).toContain('\u001b[K')
    // biome-ignore lint/suspicious/noControlCharactersInRegex: escape sequences begin with one
    expect(text).not.toMatch(/\u001b\[[\d;]*m/)
    const picture = text.slice(0, text.indexOf('flights produced'))
    expect(linesOf(picture).filter((line) => line.length > 40)).toEqual([])
  })

  test('tidemark demo has colours where nobody forbids them', async () => {
    expect(await onTerminal(80, DEMO, { isAll: true })).toContain('\u001b[32m')
  })
})

test.each([...COMMANDS, `doctor ${GROUP}`, '--help', 'offsets plan --help', 'sing'])(
  'in a pipe, with FORCE_COLOR: nothing is cut, and there is no escape sequence: tidemark %s',
  async (args) => {
    const outcome = finished(startWith({ env: environment({ FORCE_COLOR: '3', COLUMNS: '40' }) }, ...args.split(' ')))
    const { stdout, stderr } = await outcome
    expect(stdout + stderr).not.toContain('\u001b')
    expect(stdout).not.toContain('…')
    if (args.includes(GROUP)) expect(stdout).toContain(TOPIC)
  },
)

test.skipIf(!hasTerminals).each([
  ['Ctrl-C', '\u0003', 130],
  ['the end of the input', '\u0004', 3],
])('%s at a question is a no', async (_, key, code) => {
  const line = `exec '${process.execPath}' '${PROGRAM}' topic delete ${TOPIC}`
  const child = spawn('script', ['-qec', line, '/dev/null'], { env: environment(), stdio: ['pipe', 'pipe', 'pipe'] })
  let text = ''
  child.stdout.setEncoding('utf8').on('data', (part) => {
    text += part
    if (part.includes('[y/N]')) child.stdin.write(key)
  })
  const [ended] = (await once(child, 'close')) as [number]
  expect([ended, linesOf(text).slice(-2)]).toEqual([code, ['nothing was changed', '']])
})
