/** Every exit code that the documentation names, by commands that end with it. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { type Broker, startBroker } from '@tidemark/broker'
import { createAdmin, createKafka, createProducer, type Kafka } from '@tidemark/client'
import { type Consumer, createConsumer } from '@tidemark/consumer'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { endAll, finished, type Outcome, startWith, wrote } from './testing/command.ts'

let broker: Broker
let kafka: Kafka
let folder: string
let working: Consumer
let run: Promise<void>

beforeAll(async () => {
  broker = await startBroker({ data: ':memory:' })
  kafka = createKafka({ brokers: broker.brokers })
  folder = mkdtempSync(path.join(tmpdir(), 'tidemark-exit-'))
  const { topics, groups } = createAdmin(kafka)
  await topics.create('orders', { partitions: 1 })
  await using producer = createProducer(kafka)
  await producer.send('orders', [{ value: 'a' }, { value: 'b' }, { value: 'c' }])
  for (const group of ['billing', 'changed']) await groups.setOffsets(group, [{ topic: 'orders', partition: 0, offset: 1 }])
  working = createConsumer(kafka, { group: 'working' })
  const handled = new Promise<void>((resolve) => working.each('orders', async () => resolve()))
  run = working.run()
  await handled
  await tidemark(['offsets', 'plan', 'changed', '--to', 'end', '--out', path.join(folder, 'plan.json')])
  await groups.setOffsets('changed', [{ topic: 'orders', partition: 0, offset: 2 }])
})
afterAll(async () => {
  await working.close()
  await run
  await kafka.close()
  await broker.close()
  await endAll()
  rmSync(folder, { recursive: true })
})

const begin = (args: readonly string[]) =>
  startWith({ env: { ...process.env, TIDEMARK_BROKERS: broker.brokers[0]!, XDG_STATE_HOME: folder, XDG_CONFIG_HOME: folder } }, ...args)
function tidemark(args: readonly string[]): Promise<Outcome> {
  const child = begin(args.map((word) => word.replace('FOLDER', folder)))
  child.stdin!.end()
  return finished(child)
}

const TABLE: readonly (readonly [code: number, meaning: string, commands: readonly string[]])[] = [
  [0, 'done', ['topic list', 'offsets move billing --to 2 --yes --ghost-check 0s', 'lag billing --fail-over 100', '--version', '--help']],
  [1, 'failed', ['group describe nobody', 'consume nowhere', 'topic create orders']],
  [
    2,
    'wrong use of the command line',
    ['sing', 'topic list --loud', 'offsets move billing --to soon', 'topic list -b nowhere', 'topic create'],
  ],
  [
    3,
    'shown and not done',
    ['offsets plan billing --to start', 'offsets move billing --to 99 --yes', 'topic delete orders', 'group delete billing'],
  ],
  [4, 'the group is active', ['offsets move working --to start --yes --accept progressed', 'group delete working --yes']],
  [5, 'something changed since the plan was made', ['offsets apply FOLDER/plan.json --yes']],
  [6, 'a lag is over its limit', ['lag billing --fail-over 0']],
]
const CASES = TABLE.flatMap(([code, meaning, commands]) => commands.map((line) => [code, meaning, line] as const))

test.each(CASES)('exit %i: %s: tidemark %s', async (code, _, line) => {
  const out = await tidemark(line.split(' '))
  expect([out.code, out.stderr]).toEqual([code, expect.any(String)])
  // A failure is one line that begins with the name of the program.
  if (code === 1 || code === 2 || code === 4 || code === 5)
    expect(out.stderr.split('\n').filter((it) => it.startsWith('tidemark: '))).toHaveLength(1)
})

test.each([
  [
    'offsets move billing --to bookmark:nope',
    1,
    "bookmark 'nope' of group 'billing' does not exist for this cluster; see: tidemark offsets bookmark list",
  ],
  ['offsets apply FOLDER', 2, 'tidemark: FOLDER cannot be read: it is a folder'],
  ['offsets move billing --from-file FOLDER/none', 2, 'tidemark: FOLDER/none cannot be read: it does not exist'],
  ['profile add p -b x:1 --ca FOLDER/none', 2, 'tidemark: --ca names FOLDER/none, which cannot be read: it does not exist'],
  ['consume orders --registry nope', 2, 'tidemark: --registry is "nope"; it must be the http or https address of a schema registry'],
  ['profile add p -b x:1 --registry nope', 2, 'tidemark: --registry is "nope"; it must be the http or https address of a schema registry'],
])('tidemark %s says what to do', async (line, code, text) => {
  const out = await tidemark(line.split(' '))
  expect(out).toMatchObject({ code, stdout: '', stderr: expect.stringContaining(text.replaceAll('FOLDER', folder)) })
})

test('topic describe prints the id as Kafka does, and as offsets show does', async () => {
  const { id } = JSON.parse((await tidemark(['topic', 'describe', 'orders', '-o', 'json'])).stdout)
  expect(id).toMatch(/^[\w-]{22}$/)
  const [position] = JSON.parse((await tidemark(['offsets', 'show', 'billing', '-o', 'json'])).stdout)
  expect(position.topicId).toBe(id)
})

// Windows has no signals that a process could answer.
test.skipIf(process.platform === 'win32').each([
  [130, 'SIGINT'],
  [143, 'SIGTERM'],
  [129, 'SIGHUP'],
] as const)('exit %i: ended by %s', async (code, signal) => {
  const child = begin(['lag', 'billing', '--watch'])
  const done = finished(child)
  await wrote(child, 'stdout', 'orders')
  child.kill(signal)
  expect(await done).toMatchObject({ code, stderr: '' })
})

test('names with control characters reach no terminal as they are', async () => {
  const name = 'evil\u001b[31m\u0007\r\nline'
  await createAdmin(kafka).groups.setOffsets(name, [{ topic: 'orders', partition: 0, offset: 1 }])
  const commands = [
    ['group', 'describe', name],
    ['offsets', 'plan', name, '--to', 'end'],
    ['offsets', 'move', name, '--to', 'end', '--yes', '--ghost-check', '0s', '--reason', name],
    ['offsets', 'undo', '--group', name],
    ['group', 'delete', `${name}-missing`, '--yes'],
  ]
  for (const args of commands) {
    const { stdout, stderr } = await tidemark(args)
    const text = stdout + stderr
    expect([args, text.match(/[^\n\P{Cc}]/u)]).toEqual([args, null])
    expect(text).toContain('evil')
  }
})

test('an older move is not taken back in the place of one whose record is damaged', async () => {
  await createAdmin(kafka).groups.setOffsets('damaged', [{ topic: 'orders', partition: 0, offset: 1 }])
  const move = (to: string) => tidemark(['offsets', 'move', 'damaged', '--to', to, '--yes', '--ghost-check', '0s'])
  const older = /move (\S+);/.exec((await move('2')).stderr)![1]!
  const newer = /move (\S+);/.exec((await move('3')).stderr)![1]!
  const file = path.join(folder, 'tidemark', 'moves', `${newer}.json`)
  const whole = readFileSync(file)
  writeFileSync(file, whole.subarray(0, 100))
  const refused = await tidemark(['offsets', 'undo', '--group', 'damaged', '--yes', '--ghost-check', '0s'])
  writeFileSync(file, whole)
  expect(refused).toMatchObject({
    code: 1,
    stderr: expect.stringMatching(`tidemark: .*${newer}.json cannot be read, and may be a later move of group 'damaged': .* as ${older}\n`),
  })
  expect((await createAdmin(kafka).groups.offsets('damaged')).map(({ offset }) => offset)).toEqual([3])
  expect((await tidemark(['offsets', 'undo', '--group', 'damaged', '--yes', '--ghost-check', '0s'])).code).toBe(0)
  expect((await createAdmin(kafka).groups.offsets('damaged')).map(({ offset }) => offset)).toEqual([2])
})

test('the documentation names exactly these', () => {
  const page = readFileSync(new URL('../../../docs/guide/commands.md', import.meta.url), 'utf8')
  const named = [...page.matchAll(/^\| (\d+) +\| /gm)].map(([, code]) => Number(code))
  expect(named).toEqual([...TABLE.map(([code]) => code), 129, 130, 143])
  const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8').replaceAll(/\s+/g, ' ')
  for (const [code, meaning] of TABLE) expect(readme).toMatch(new RegExp(`\\b${code} ${meaning.split(' ').slice(0, 2).join(' ')}`))
})
