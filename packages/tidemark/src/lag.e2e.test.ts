/** `tidemark lag` as a process: a table, live, as an exit code, and for Prometheus. */
import { once } from 'node:events'
import { get, type IncomingMessage } from 'node:http'
import { createInterface } from 'node:readline'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { endAll, finished, firstLine, type Outcome, start, stopped, tidemark, up, wrote } from './testing/command.ts'

let address: string
const ask = (...args: string[]): Promise<Outcome> => tidemark([...args, '-b', address])

beforeAll(async () => {
  ;({ address } = await up('--memory'))
  await ask('topic', 'create', 'orders', '-p', '1')
  await tidemark(['produce', 'orders', '-b', address], '1\n2\n3\n4\n5\n')
  await ask('consume', 'orders', '-g', 'billing', '-n', '2')
})

afterAll(endAll)

describe('once', () => {
  test('a row a group, and a row a partition of one that is named', async () => {
    const all = await ask('lag')
    expect(all).toMatchObject({ code: 0, stderr: '' })
    expect(all.stdout.split('\n')[0]).toMatch(/^GROUP +STATE +MEMBERS +LAG +AGE +SPAN +ETA +RUNWAY$/)
    expect(all.stdout.split('\n')[1]).toMatch(/^billing +Empty +0 +3 +\d+ m?s +\d+ ms +- +/)
    const one = await ask('lag', 'billing')
    expect(one.stdout).toMatch(/^TOPIC +PARTITION +COMMITTED +END +LAG +AGE/)
    expect(one.stdout).toMatch(/\norders +0 +2 +5 +3 /)
  })

  test('JSON, YAML and CSV have the same numbers', async () => {
    const [group] = JSON.parse((await ask('lag', 'billing', '-o', 'json')).stdout)
    expect(group).toMatchObject({ group: 'billing', kind: 'classic', state: 'Empty', lag: 3, open: 3, error: null })
    expect(group.partitions[0]).toMatchObject({ topic: 'orders', lag: 3, records: { value: 3, certainty: 'exact' } })
    expect(group.ageMs).toMatchObject({ certainty: 'exact', reason: null })
    expect(parse((await ask('lag', 'billing', '-o', 'yaml')).stdout)[0]).toMatchObject({ group: 'billing', lag: 3 })
    const [head, row] = (await ask('lag', '-o', 'csv')).stdout.split('\n')
    expect(head).toBe('group,kind,state,members,lag,open,ageMs,ageCertainty,spanMs,etaMs,runwayMs,error')
    expect(row).toMatch(/^billing,classic,Empty,0,3,3,\d+,exact,\d+,,\d+,$/)
  })

  test.each([
    [['--fail-over', '2'], 6, 'group billing: lag 3 is over 2\n'],
    [['--fail-over', '1ms'], 6, 'old, over 1 ms\n'],
    [['--fail-over', '3', '--fail-over', '1h'], 0, ''],
  ])('%s ends with %d', async (args, code, said) => {
    const out = await ask('lag', 'billing', ...args)
    expect(out.code).toBe(code)
    expect(out.stderr).toContain(said)
    expect(out.stdout).toContain('orders')
  })

  test.each([
    [['lag', 'nobody'], 1, "group 'nobody' does not exist"],
    [['lag', '--fail-over', 'much'], 2, "--fail-over is 'much'"],
    [['lag', '--fail-over', '1', '--fail-over', '2'], 2, 'given twice'],
    [['lag', '--watch', 'soon'], 2, "--watch is 'soon'"],
    [['lag', '--serve', 'here'], 2, "'here' is not an address"],
    [['lag', '--serve', '127.0.0.1:0', '--watch'], 2, '--serve excludes'],
    [['lag', '--serve', '127.0.0.1:0', '--by', 'group'], 2, '--serve excludes'],
  ])('%s is refused in one line', async (args, code, text) => {
    const out = await ask(...args)
    expect(out).toMatchObject({ code, stdout: '' })
    expect(out.stderr).toContain(text)
    expect(out.stderr.trim().split('\n')).toHaveLength(1)
  })
})

test('--watch measures again, and Ctrl-C ends it with 130', async () => {
  const child = start('lag', 'billing', '-o', 'json', '--watch', '0.1', '-b', address)
  const lines = createInterface({ input: child.stdout! })
  const seen: number[] = []
  for await (const line of lines) {
    seen.push(JSON.parse(line)[0].lag)
    if (seen.length === 3) break
  }
  expect(seen).toEqual([3, 3, 3])
  expect(await stopped(child, 'SIGINT')).toBe(130)
})

test('--watch with a limit ends as soon as it is passed', async () => {
  const child = start('lag', 'billing', '--watch', '0.1', '--fail-over', '5', '-b', address)
  const done = finished(child)
  await wrote(child, 'stdout', 'orders')
  await tidemark(['produce', 'orders', '-b', address], '6\n7\n8\n')
  expect(await done).toMatchObject({ code: 6, stderr: 'group billing: lag 6 is over 5\n' })
})

test('--serve answers Prometheus on loopback, and ends with 0', async () => {
  const child = start('lag', '--serve', '127.0.0.1:0', '-b', address)
  const url = await firstLine(child)
  const response = await fetch(url)
  expect(response.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8')
  const text = await response.text()
  expect(text).toContain('# TYPE tidemark_group_lag gauge\n')
  expect(text).toMatch(/^tidemark_group_lag\{group="billing"\} \d+$/m)
  expect(text).toMatch(/^tidemark_partition_committed_offset\{group="billing",topic="orders",partition="0"\} 2$/m)
  expect((await fetch(new URL('/', url))).status).toBe(404)
  expect((await fetch(url, { method: 'POST' })).status).toBe(405)
  const foreign = get(url, { headers: { host: 'evil.example' } })
  const [refused] = (await once(foreign, 'response')) as [IncomingMessage]
  refused.resume()
  expect(refused.statusCode).toBe(403)
  expect(await tidemark(['lag', '--serve', new URL(url).host, '-b', address])).toMatchObject({
    code: 1,
    stderr: `tidemark: ${new URL(url).host} is in use by another process; choose another port, or port 0 for a free one\n`,
  })
  expect(await stopped(child, 'SIGTERM')).toBe(0)
})
