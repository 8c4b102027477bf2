/** `tidemark offsets log`, `blame` and `diff` as processes. */
import { startBroker } from '@tidemark/broker'
import { createAdmin, createKafka } from '@tidemark/client'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { endAll, type Outcome, start, stopped, tidemark, up, wrote } from './testing/command.ts'

let address: string
const ask = (...args: string[]): Promise<Outcome> => tidemark([...args, '-b', address])
const textOf = (latin1: string): string => Buffer.from(latin1, 'latin1').toString()

async function move(offset: number): Promise<void> {
  await using kafka = createKafka({ brokers: [address] })
  await createAdmin(kafka).groups.setOffsets('billing', [{ topic: 'orders', partition: 0, offset }])
}

beforeAll(async () => {
  ;({ address } = await up('--memory'))
  await ask('topic', 'create', 'orders', '-p', '1')
  await tidemark(['produce', 'orders', '-b', address], '1\n2\n3\n4\n5\n')
  await ask('consume', 'orders', '-g', 'billing', '-n', '3')
  await move(1)
})

afterAll(endAll)

describe('offsets log', () => {
  test('prints a line an event, and marks what went back', async () => {
    const { code, stdout, stderr } = await ask('offsets', 'log', 'billing')
    expect(code).toBe(0)
    const lines = textOf(stdout).trim().split('\n')
    expect(lines[0]).toMatch(/^\d{4}-\S+Z {2}billing {2}orders-0 {2}- → \d {2}member tidemark-cli 127\.0\.0\.1$/)
    expect(lines.at(-1)).toMatch(/ {2}orders-0 {2}3 → 1 \(-2\) {2}outside BACK$/)
    expect(stderr).toBe(`${lines.length} events\n`)
  })

  test('as JSON lines, CSV, and of a time', async () => {
    const lines = (await ask('offsets', 'log', '-o', 'json')).stdout.trim().split('\n')
    expect(JSON.parse(lines.at(-1)!)).toMatchObject({ group: 'billing', from: 3, to: 1, kind: 'outside', member: null, jump: 'back' })
    const csv = (await ask('offsets', 'log', '-o', 'csv')).stdout.trim().split('\n')
    expect(csv[0]).toBe('at,group,topic,partition,from,to,kind,jump,memberId,clientId,host,leaderEpoch,metadata')
    expect(csv).toHaveLength(lines.length + 1)
    expect(await ask('offsets', 'log', '--to', '@-1h')).toMatchObject({ code: 0, stdout: '', stderr: '0 events\n' })
  })

  test('--follow prints what is committed next, until Ctrl-C', async () => {
    const child = start('offsets', 'log', 'billing', '--follow', '-b', address)
    const moved = wrote(child, 'stdout', /1 → 2 \(\+1\) {2}outside/)
    await wrote(child, 'stdout', 'BACK')
    await move(2)
    await moved
    expect(await stopped(child, 'SIGINT')).toBe(130)
  })
})

test('offsets blame says who set what is committed now', async () => {
  const { stdout, code } = await ask('offsets', 'blame', 'billing')
  expect(code).toBe(0)
  expect(stdout).toMatch(/^TOPIC +PARTITION +COMMITTED +BEFORE +AT +BY\norders +0 +2 +1 +\S+Z +outside\n$/)
})

test('offsets diff shows what changed between two times', async () => {
  const { stdout, stderr } = await ask('offsets', 'diff', 'billing', '--from', '@-1h', '-o', 'json')
  expect(JSON.parse(stdout)).toEqual([{ topic: 'orders', partition: 0, from: null, to: 2, change: null, certainty: 'exact' }])
  expect(stderr).toMatch(/^from \S+Z to \S+Z\n$/)
  expect((await ask('offsets', 'diff', 'billing', '--from', '@-1s', '--to', '@-1h')).code).toBe(2)
})

test.each([
  [['offsets', 'log', '--from', 'start'], 2, "'start' of --from is not a time"],
  [['offsets', 'log', '--to', '@-1h', '--follow'], 2, 'exclude each other'],
  [['offsets', 'log', '--from', '@-1h', '--to', '@-2h'], 2, 'is before --from'],
  [['offsets', 'blame', 'nobody'], 1, "group 'nobody' does not exist"],
  [['offsets', 'diff', 'billing'], 2, '--from'],
  [['offsets', 'nothing'], 2, 'nothing'],
])('%s is refused in one line', async (args, code, text) => {
  const out = await ask(...args)
  expect(out).toMatchObject({ code, stdout: '' })
  expect(out.stderr).toContain(text)
  expect(out.stderr.trim().split('\n')).toHaveLength(1)
})

test('where the topic must not be read it says so, and what still works', async () => {
  const guarded = await startBroker({ data: ':memory:', authorizer: { superUsers: ['User:root'] } })
  const out = await tidemark(['offsets', 'log', 'billing', '-b', guarded.brokers[0]!])
  await guarded.close()
  expect(out).toMatchObject({ code: 1, stdout: '' })
  expect(out.stderr).toContain('the history of commits cannot be read')
  expect(out.stderr).toContain('lag and moves do not need it')
})
