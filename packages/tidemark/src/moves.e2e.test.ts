/** Moving offsets from the command line: real processes, a real broker, every exit code. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { createAdmin, createKafka, createProducer, type Kafka } from '@tidemark/client'
import { createConsumer } from '@tidemark/consumer'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { endAll, finished, type Outcome, startWith, up, wrote } from './testing/command.ts'

let address: string
let folder: string
let kafka: Kafka
beforeAll(async () => {
  ;({ address } = await up('--memory'))
  folder = mkdtempSync(path.join(tmpdir(), 'tidemark-move-'))
  kafka = createKafka({ brokers: [address] })
  await createAdmin(kafka).topics.create('orders', { partitions: 2 })
  await using producer = createProducer(kafka)
  const values = Array.from({ length: 20 }, (_, i) => ({ value: `v${i}`, partition: i % 2, timestampMs: Date.UTC(2026, 0, 1, 0, i) }))
  await producer.send('orders', values)
})
afterAll(async () => {
  await kafka.close()
  await endAll()
  rmSync(folder, { recursive: true })
})

const inFolder = (name: string): string => path.join(folder, name)
const environment = (more: NodeJS.ProcessEnv = {}): NodeJS.ProcessEnv => ({
  ...process.env,
  TIDEMARK_BROKERS: address,
  XDG_STATE_HOME: inFolder('state'),
  XDG_CONFIG_HOME: inFolder('config'),
  ...more,
})
const begin = (args: readonly string[], more?: NodeJS.ProcessEnv) => startWith({ env: environment(more) }, ...args)
function run(args: readonly string[], input = '', more?: NodeJS.ProcessEnv): Promise<Outcome> {
  const child = begin(args, more)
  child.stdin!.end(input)
  return finished(child)
}
const offsets = (...args: string[]): Promise<Outcome> => run(['offsets', ...args])

let groups = 0
let group: string
beforeEach(async () => {
  group = `g${groups++}`
  await createAdmin(kafka).groups.setOffsets(group, [
    { topic: 'orders', partition: 0, offset: 5, leaderEpoch: 0, metadata: 'mine' },
    { topic: 'orders', partition: 1, offset: 6 },
  ])
})
async function committed(of = group): Promise<(readonly [number, number, string])[]> {
  return (await createAdmin(kafka).groups.offsets(of)).map((p) => [p.offset, p.leaderEpoch, p.metadata])
}
const BEFORE = [
  [5, 0, 'mine'],
  [6, -1, ''],
]
const AT_START = [
  [0, 0, ''],
  [0, 0, ''],
]

describe('a plan', () => {
  test('is shown and written, changes nothing, and exits with 3', async () => {
    const file = inFolder('plan.json')
    const { code, stdout, stderr } = await offsets('plan', group, '--to', 'start', '--out', file)
    expect(code).toBe(3)
    expect(stdout).toMatch(/orders +0 +5 +0 +5 +0 +\S+ min +moves/)
    expect(stderr).toMatch(/moves 2 partitions of group 'g\d+'; 11 records \(.*\) handled again/)
    expect(stderr).toMatch(
      /kafka-consumer-groups\.sh --bootstrap-server \S+ --group g\d+ --reset-offsets --topic orders:0,1 --to-earliest --execute/,
    )
    expect(await committed()).toEqual(BEFORE)
    const plan = JSON.parse(readFileSync(file, 'utf8'))
    expect(plan).toMatchObject({ version: 1, group, needs: [] })
  })

  test('is applied from its file, once; the second time exits with 5', async () => {
    const file = inFolder('once.json')
    await offsets('plan', group, '--to', 'start', '--out', file)
    expect(await offsets('apply', file)).toMatchObject({ code: 3 })
    expect(await committed()).toEqual(BEFORE)
    expect(await offsets('apply', file, '--yes', '--reason', 'a test')).toMatchObject({
      code: 0,
      stderr: expect.stringContaining('done and read back'),
    })
    expect(await committed()).toEqual(AT_START)
    expect(await offsets('apply', file, '--yes')).toMatchObject({
      code: 5,
      stderr: expect.stringContaining('nothing was changed; plan again'),
    })
  })

  test('that was edited, or is too old, or is not one, is refused', async () => {
    const file = inFolder('edited.json')
    await offsets('plan', group, '--to', 'start', '--out', file)
    writeFileSync(file, readFileSync(file, 'utf8').replace('"offset": 0', '"offset": 3'))
    expect(await offsets('apply', file, '--yes')).toMatchObject({ code: 1, stderr: expect.stringMatching(/was changed after it was made/) })
    await offsets('plan', group, '--to', 'start', '--out', file, '--valid-for', '1ms')
    expect(await offsets('apply', file, '--yes')).toMatchObject({ code: 5, stderr: expect.stringMatching(/could be applied until/) })
    expect(await run(['offsets', 'apply', '-', '--yes'], 'nonsense')).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/stdin|is not JSON/),
    })
    expect(await committed()).toEqual(BEFORE)
  })
})

describe('a move', () => {
  test('without a terminal needs --yes; Kafka calls it --execute', async () => {
    const flags = ['--group', group, '--topic', 'orders:0', '--to-latest']
    expect(await offsets('move', ...flags)).toMatchObject({ code: 3 })
    expect(await offsets('move', ...flags, '--dry-run')).toMatchObject({ code: 3 })
    expect(await committed()).toEqual(BEFORE)
    expect(await offsets('move', ...flags, '--execute')).toMatchObject({ code: 0 })
    expect(await committed()).toEqual([
      [10, 0, ''],
      [6, -1, ''],
    ])
  })

  test('is taken back, byte for byte', async () => {
    await offsets('move', group, '--to', '@2026-01-01T00:05Z', '--yes', '--reason', 'a test')
    expect(await committed()).toEqual([
      [3, 0, ''],
      [2, 0, ''],
    ])
    const list = await offsets('undo', '--list', '-o', 'json')
    const [record] = JSON.parse(list.stdout)
    expect(record).toMatchObject({ group, target: '@2026-01-01T00:05:00.000Z', state: 'applied', reason: 'a test' })
    expect(await offsets('undo', record.id, '--yes')).toMatchObject({ code: 0 })
    expect(await committed()).toEqual(BEFORE)
    const again = await offsets('undo', '--group', group, '--yes')
    expect(again).toMatchObject({ code: 2, stderr: expect.stringMatching(/no move of group/) })
    const audit = readFileSync(inFolder('state/tidemark/moves/audit.jsonl'), 'utf8')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line))
    expect(audit.filter((it) => it.group === group).map((it) => [it.state, it.reason])).toEqual([
      ['applied', 'a test'],
      ['applied', null],
    ])
  })

  test('says what it falls back to, and exits with 3 unless that is accepted', async () => {
    const args = ['move', group, '--to', '99', '--topic', 'orders:1', '--yes']
    expect(await offsets(...args)).toMatchObject({ code: 3, stderr: expect.stringMatching(/needs --accept clamped-to-end/) })
    expect(await committed()).toEqual(BEFORE)
    expect(await offsets(...args, '--accept', 'clamped-to-end')).toMatchObject({ code: 0 })
    expect((await committed())[1]).toEqual([10, 0, ''])
  })

  test('that is wrong on the command line exits with 2', async () => {
    for (const args of [
      [group],
      [group, '--to', 'soon'],
      [group, '--to', 'start', '--to-latest'],
      ['--to', 'start'],
      [group, '--to', 'start', '--accept', 'it'],
    ]) {
      expect(await offsets('move', ...args, '--yes')).toMatchObject({ code: 2 })
    }
    expect(await offsets('move', group, '--to', 'group:nobody', '--yes')).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/has committed nothing/),
    })
  })

  test('of a group with members exits with 4; with --wait-empty it waits for them to go', async () => {
    await using consumer = createConsumer(kafka, { group, startFrom: 'earliest', heartbeatIntervalMs: 100 })
    consumer.each('orders', async () => {})
    const stop = new AbortController()
    const running = consumer.run({ signal: stop.signal })
    await expect.poll(async () => (await createAdmin(kafka).groups.describe(group)).state).toBe('Stable')
    await expect.poll(async () => (await committed()).map(([offset]) => offset)).toEqual([10, 10])
    expect(await offsets('move', group, '--to', 'start', '--yes')).toMatchObject({ code: 4, stderr: expect.stringMatching(/has 1 member/) })
    const waiting = begin(['offsets', 'move', group, '--to', 'start', '--yes', '--wait-empty', '1m', '--accept', 'progressed'])
    waiting.stdin!.end()
    const outcome = finished(waiting)
    await wrote(waiting, 'stderr', 'waiting until group')
    stop.abort()
    await running
    expect(await outcome).toMatchObject({ code: 0 })
    expect(await committed()).toEqual(AT_START)
  })
})

describe('two operators at once', () => {
  test('one wins, the other gets exit code 5', async () => {
    const files = [inFolder('one.json'), inFolder('two.json')]
    await offsets('plan', group, '--to', 'start', '--out', files[0]!)
    await offsets('plan', group, '--to', 'end', '--out', files[1]!)
    const outcomes = await Promise.all(files.map((file) => offsets('apply', file, '--yes')))
    expect(outcomes.map(({ code }) => code).sort()).toEqual([0, 5])
    const winner = outcomes.findIndex(({ code }) => code === 0)
    expect((await committed()).map(([offset]) => offset)).toEqual(winner === 0 ? [0, 0] : [10, 10])
  })
})
