/**
 * Moving offsets from the command line: real processes, a real broker, every exit code. TIDEMARK_TEST_BROKERS names an
 * Apache Kafka to test on instead of ours; its topic and groups have names of their own.
 */
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
  address = process.env.TIDEMARK_TEST_BROKERS ?? (await up('--memory')).address
  folder = mkdtempSync(path.join(tmpdir(), 'tidemark-move-'))
  kafka = createKafka({ brokers: address.split(',') })
  const { topics } = createAdmin(kafka)
  if ((await topics.list()).some(({ name }) => name === 'orders')) await topics.delete('orders')
  await topics.create('orders', { partitions: 2, configs: { 'retention.ms': '-1' } })
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

const PATIENT = { timeout: 30_000 }
let groups = 0
let group: string
/** So that no other run of the tests has used the name. */
const RUN = process.pid
beforeEach(async () => {
  group = `g${groups++}${RUN}`
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
    expect(await offsets('undo', record.id, '--group', 'another', '--yes')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('not both'),
    })
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
    await expect.poll(async () => (await createAdmin(kafka).groups.describe(group)).state, PATIENT).toBe('Stable')
    await expect.poll(async () => (await committed()).map(([offset]) => offset), PATIENT).toEqual([10, 10])
    expect(await offsets('move', group, '--to', 'start', '--yes')).toMatchObject({
      code: 4,
      stderr: expect.stringMatching(/--wait-empty 15m.*has 1 member.*stop it/s),
    })
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

describe('a group that works', () => {
  test('is moved with --eject: its members join again, and read on from the new place', async () => {
    await using consumer = createConsumer(kafka, { group, startFrom: 'earliest' })
    const handled: number[] = []
    consumer.each('orders', async ({ partition, offset }) => {
      if (partition === 0) handled.push(offset)
    })
    const stop = new AbortController()
    const running = consumer.run({ signal: stop.signal })
    await expect.poll(async () => (await committed()).map(([offset]) => offset), PATIENT).toEqual([10, 10])
    const args = ['move', group, '--to', '2', '--eject', '--yes']
    expect(await offsets(...args)).toMatchObject({ code: 3, stderr: expect.stringMatching(/needs progressed/) })
    handled.length = 0
    expect(await offsets(...args, '--accept', 'progressed')).toMatchObject({
      code: 0,
      stderr: expect.stringMatching(/taking 1 member out/),
    })
    await expect.poll(() => handled, PATIENT).toEqual([2, 3, 4, 5, 6, 7, 8, 9])
    await expect.poll(async () => (await committed()).map(([offset]) => offset), PATIENT).toEqual([10, 10])
    stop.abort()
    await running
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

describe('copy, export and import', () => {
  test('bring a group where another one stands, byte for byte', async () => {
    expect(await offsets('copy', group, `${group}-copy`, '--yes')).toMatchObject({ code: 0 })
    expect(await committed(`${group}-copy`)).toEqual(BEFORE)
    expect(await offsets('copy', group, `${group}-copy`, '--yes')).toMatchObject({
      code: 0,
      stderr: expect.stringMatching(/nothing to change/),
    })
  })

  test.each(['json', 'csv'])('as %s', async (format) => {
    const { stdout } = await offsets('export', group, '-o', format)
    if (format === 'csv') expect(stdout).toBe('orders,0,5\norders,1,6\n')
    await createAdmin(kafka).groups.setOffsets(
      group,
      [0, 1].map((partition) => ({ topic: 'orders', partition, offset: 1 })),
    )
    expect(await run(['offsets', 'import', group, '-', '--yes'], stdout)).toMatchObject({ code: 0 })
    expect((await committed()).map(([offset]) => offset)).toEqual([5, 6])
    if (format === 'json') expect(await committed()).toEqual(BEFORE)
    expect(await run(['offsets', 'move', group, '--from-file', '-', '--dry-run'], stdout)).toMatchObject({ code: 0 })
  })

  test('of a file that cannot be read say where', async () => {
    expect(await run(['offsets', 'import', group, '-'], 'orders,x,1')).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/line 1 of stdin/),
    })
    expect(await run(['offsets', 'import', group, '-'], 'other,orders,0,1')).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/none of group/),
    })
  })
})

describe('a translation', () => {
  test('finds the place among copies on another cluster', async () => {
    const { address: there } = await up('--memory')
    await using other = createKafka({ brokers: [there] })
    await createAdmin(other).topics.create('us.orders', { partitions: 2, configs: { 'retention.ms': '-1' } })
    await using producer = createProducer(other)
    await producer.send('us.orders', [{ value: 'another', partition: 0, timestampMs: Date.UTC(2025, 0) }])
    const values = Array.from({ length: 20 }, (_, i) => ({ value: `v${i}`, partition: i % 2, timestampMs: Date.UTC(2026, 0, 1, 0, i) }))
    await producer.send('us.orders', values)
    const args = ['translate', group, '--to-brokers', there, '--topic-prefix', 'us.']
    expect(await offsets(...args)).toMatchObject({ code: 3, stdout: expect.stringMatching(/orders +0 +5 +us\.orders +6 +exact +0/) })
    expect(await offsets(...args, '--yes')).toMatchObject({ code: 0 })
    expect((await createAdmin(other).groups.offsets(group)).map((p) => p.offset)).toEqual([6, 6])
    expect(await committed()).toEqual(BEFORE)
    expect(await offsets('translate', group)).toMatchObject({ code: 2 })
  })
})

describe('graduating', () => {
  test('copies topics and groups to another cluster, and compares them', async () => {
    const [{ address: here }, { address: there }] = await Promise.all([up('--memory'), up('--memory')])
    await using from = createKafka({ brokers: [here] })
    await using to = createKafka({ brokers: [there] })
    await createAdmin(from).topics.create('bills', { partitions: 2 })
    await using producer = createProducer(from)
    await producer.send(
      'bills',
      Array.from({ length: 30 }, (_, i) => ({ value: `b${i}`, partition: i % 2 })),
    )
    await createAdmin(from).groups.setOffsets('billing', [{ topic: 'bills', partition: 0, offset: 9, metadata: 'mine' }])
    const args = ['graduate', '-b', here, '--to-brokers', there]
    expect(await run(args)).toMatchObject({
      code: 3,
      stdout: expect.stringMatching(/bills +2 +30/),
      stderr: expect.stringMatching(/group billing: 1 partition/),
    })
    expect(await run([...args, '--yes'])).toMatchObject({
      code: 0,
      stderr: expect.stringMatching(/copied and compared 30 records; 1 group in place/),
    })
    expect(await createAdmin(to).groups.offsets('billing')).toMatchObject([{ partition: 0, offset: 9, metadata: 'mine' }])
    expect(await run([...args, '--yes'])).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/bills +2 +30 +30/),
      stderr: expect.stringMatching(/compared 30 records, which were all there before; 1 group in place/),
    })
    await using writer = createProducer(to)
    await writer.send('bills', { value: 'another', partition: 1 })
    expect(await run([...args, '--yes'])).toMatchObject({ code: 1, stderr: expect.stringMatching(/'bills' exists .* a record more/) })
  })
})

describe('a bookmark', () => {
  test('is a place to come back to', async () => {
    expect(await offsets('bookmark', 'set', group, 'before')).toMatchObject({ code: 0 })
    await offsets('move', group, '--to', 'end', '--yes')
    expect((await offsets('bookmark', 'list')).stdout).toContain(group)
    expect(await offsets('move', group, '--to', 'bookmark:before', '--yes')).toMatchObject({ code: 0 })
    expect(await committed()).toEqual(BEFORE)
    expect(await offsets('bookmark', 'delete', group, 'before')).toMatchObject({ code: 0 })
    expect(await offsets('move', group, '--to', 'bookmark:before', '--yes')).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/does not exist/),
    })
  })
})

describe('deleting', () => {
  test('offsets, and a group: both are shown, and can be taken back', async () => {
    expect(await offsets('delete', group, '--topic', 'orders:1')).toMatchObject({
      code: 3,
      stdout: expect.stringMatching(/orders +1 +6 +- +0 +0 +deletes/),
    })
    expect(await offsets('delete', group, '--topic', 'orders:1', '--yes')).toMatchObject({ code: 0 })
    expect(await committed()).toEqual([BEFORE[0]])
    expect(await offsets('undo', '-g', group, '--yes')).toMatchObject({ code: 0 })
    expect(await run(['group', 'delete', group])).toMatchObject({ code: 3, stdout: expect.stringMatching(/orders +0 +5 +-/) })
    expect(await run(['group', 'delete', group, '--yes'])).toMatchObject({ code: 0 })
    expect(await run(['group', 'describe', group])).toMatchObject({ code: 1 })
    expect(await run(['group', 'delete', group, '--yes'])).toMatchObject({ code: 1, stderr: expect.stringMatching(/does not exist/) })
    expect(await offsets('undo', '-g', group, '--yes')).toMatchObject({ code: 0 })
    expect(await committed()).toEqual(BEFORE)
  })

  test('records says which groups have not read them', async () => {
    const { code, stderr } = await run(['topic', 'trim', 'orders', '--before', '8'])
    expect(code).toBe(3)
    expect(stderr).toMatch(new RegExp(`group ${group} has not read 5 records of them, in 2 partitions`))
  })
})

describe('a replay', () => {
  test('is a group of its own, which is watched and then deleted', async () => {
    const fork = `${group}.replay-1`
    expect(await run(['replay', group, '--from', 'start'])).toMatchObject({ code: 3, stdout: expect.stringMatching(/orders +0 +0 +5 +5/) })
    const child = begin(['replay', group, '--from', 'start', '--yes'])
    child.stdin!.end()
    const outcome = finished(child)
    const isDone = wrote(child, 'stderr', 'everything is done')
    await wrote(child, 'stderr', `start consumers with the group ${fork}`)
    await using consumer = createConsumer(kafka, { group: fork, startFrom: 'fail' })
    const handled: string[] = []
    consumer.each('orders', async ({ value }) => void handled.push(String(value)))
    const stop = new AbortController()
    const running = consumer.run({ signal: stop.signal })
    await isDone
    stop.abort()
    await running
    expect(await outcome).toMatchObject({ code: 0, stderr: expect.stringMatching(/100 %: 11 of 11 records/) })
    expect(handled).toEqual(expect.arrayContaining(['v0', 'v1', 'v8', 'v11']))
    expect(await committed()).toEqual(BEFORE)
    expect(await run(['group', 'describe', fork])).toMatchObject({ code: 1 })
  })

  test('that is interrupted leaves the fork', async () => {
    const child = begin(['replay', group, '--from', 'start', '--yes', '--as', `${group}-again`])
    const outcome = finished(child)
    await wrote(child, 'stderr', '0 %')
    child.kill('SIGINT')
    expect(await outcome).toMatchObject({ code: 130, stderr: expect.stringMatching(/the fork stays/) })
    expect((await committed(`${group}-again`)).map(([offset]) => offset)).toEqual([0, 0])
  })
})

describe('a profile', () => {
  const withProfile = (...args: string[]) => run([...args, '--profile', 'p'])
  const add = (flag: string) => run(['profile', 'add', 'p', '-b', address, flag])

  test('that is protected asks for the name of what is changed', async () => {
    await add('--protected')
    expect((await run(['profile', 'list'])).stdout).toMatch(/p +\S+ +PLAINTEXT +protected/)
    const args = ['offsets', 'move', group, '--to', 'start', '--yes']
    expect(await withProfile(...args)).toMatchObject({ code: 3, stderr: expect.stringMatching(/is protected: add --confirm g\d+/) })
    expect(await withProfile(...args, '--confirm', 'another')).toMatchObject({ code: 3 })
    expect(await committed()).toEqual(BEFORE)
    expect(await withProfile(...args, '--confirm', group)).toMatchObject({ code: 0 })
    expect(await committed()).toEqual(AT_START)
  })

  test('that is read-only refuses every command that changes anything', async () => {
    await add('--read-only')
    const plan = inFolder('read-only.json')
    const reading = [
      ['offsets', 'plan', group, '--to', 'start', '--out', plan],
      ['offsets', 'move', group, '--to', 'start', '--dry-run'],
      ['offsets', 'apply', plan, '--dry-run'],
      ['group', 'list'],
      ['offsets', 'export', group],
    ]
    for (const args of reading) expect([0, 3]).toContain((await withProfile(...args)).code)
    const writing = [
      ['offsets', 'move', group, '--to', 'start', '--yes'],
      ['offsets', 'apply', plan, '--yes'],
      ['offsets', 'undo', '-g', group, '--yes'],
      ['offsets', 'copy', group, 'another', '--yes'],
      ['offsets', 'delete', group, '--yes'],
      ['replay', group, '--from', 'start', '--yes'],
      ['group', 'delete', group, '--yes'],
      ['topic', 'create', 'another'],
      ['topic', 'alter', 'orders', '-p', '5'],
      ['topic', 'trim', 'orders', '--before', 'end', '--yes'],
      ['topic', 'delete', 'orders', '--yes'],
      ['config', 'set', 'topic:orders', 'retention.ms=1'],
      ['acl', 'add', '--allow', 'User:a', '--operation', 'read', '--topic', 'orders'],
      ['user', 'remove', 'a', '--yes'],
      ['produce', 'orders'],
      ['consume', 'orders', '--group', group],
    ]
    for (const args of writing) {
      expect(await withProfile(...args), args.join(' ')).toMatchObject({
        code: 1,
        stderr: expect.stringMatching(/profile 'p' is read-only: nothing was changed/),
      })
    }
    expect(await committed()).toEqual(BEFORE)
  })
})
