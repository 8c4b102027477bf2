/** The built command line in real processes: what it prints on stdout and on stderr, and its exit code. */
import type { ChildProcess } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { endAll, type Outcome, stopped, tidemark, up } from './testing/command.ts'

const scratch = mkdtempSync(path.join(tmpdir(), 'tidemark-e2e-'))

afterAll(async () => {
  await endAll()
  rmSync(scratch, { recursive: true, force: true })
})

describe('with a broker', () => {
  let address: string
  let child: ChildProcess
  beforeAll(async () => {
    ;({ child, address } = await up('--memory'))
  })
  const ask = (...args: string[]): Promise<Outcome> => tidemark([...args, '-b', address])

  test('a topic is created, written to, read in a group, and the group goes on where it stopped', async () => {
    expect(await ask('topic', 'create', 'orders', '-p', '2')).toMatchObject({ code: 0, stdout: '' })
    const written = await tidemark(['produce', 'orders', '--key-separator', ':', '-b', address], 'a:1\nb:2\nc:3\n')
    expect(written).toMatchObject({ code: 0, stdout: '', stderr: 'wrote 3 records to orders\n' })
    const first = await ask('consume', 'orders', '-g', 'billing', '-n', '2')
    const second = await ask('consume', 'orders', '-g', 'billing', '-n', '1')
    expect([...first.stdout.split('\n'), ...second.stdout.split('\n')].filter(Boolean).sort()).toEqual(['1', '2', '3'])
    const group = JSON.parse((await ask('group', 'describe', 'billing', '-o', 'json')).stdout)
    expect(group).toMatchObject({ group: 'billing', state: 'Empty' })
    expect(group.positions.every((p: { lag: number }) => p.lag === 0)).toBe(true)
    expect((await ask('group', 'list')).stdout).toContain('billing')
  })

  test('JSON lines carry key, headers and partition; -o json prints all of a record', async () => {
    await ask('topic', 'create', 'events', '-p', '2')
    const line = JSON.stringify({ key: 'k', value: { n: 1 }, headers: { source: 'test' }, partition: 1 })
    await tidemark(['produce', 'events', '--json', '-b', address], `${line}\n`)
    const record = JSON.parse((await ask('consume', 'events', '-o', 'json')).stdout)
    expect(record).toMatchObject({
      topic: 'events',
      partition: 1,
      offset: 0,
      key: 'k',
      value: '{"n":1}',
      headers: [{ key: 'source', value: 'test' }],
    })
  })

  test('topics are listed as data on stdout, without those of the broker', async () => {
    const topics = JSON.parse((await ask('topic', 'list', '-o', 'json')).stdout) as { topic: string }[]
    expect(topics.map((t) => t.topic)).toEqual(['events', 'orders'])
  })

  test.each([
    ['a topic that does not exist', ['consume', 'nowhere'], 1, "topic 'nowhere' does not exist; check the name, or create it first"],
    ['a group that does not exist', ['group', 'describe', 'nobody'], 1, "group 'nobody' does not exist"],
    ['a topic that exists already', ['topic', 'create', 'orders'], 1, 'orders'],
    ['a place that is not one', ['consume', 'orders', '--from', 'soon'], 2, "'soon' is not a place in a log"],
    ['an offset that is too large', ['consume', 'orders', '--from', '9007199254740993'], 2, 'the offset of --from is 9007199254740992'],
    ['a number that is not one', ['topic', 'create', 'x', '-p', 'many'], 2, `--partitions is 'many'; it must be a whole number`],
    ['an address that is not one', ['topic', 'list', '-b', 'localhost'], 2, "'localhost' is not a broker address"],
  ])('%s: one line on stderr, and the exit code', async (_, args, code, text) => {
    const out = await (args.includes('-b') ? tidemark(args) : ask(...args))
    expect(out).toMatchObject({ code, stdout: '' })
    expect(out.stderr).toContain(text)
    expect(out.stderr.trim().split('\n')).toHaveLength(1)
  })

  test('SIGTERM ends it cleanly', async () => {
    expect(await stopped(child, 'SIGTERM')).toBe(0)
  })
})

test('several nodes: an address each, and topics with replicas', async () => {
  const { address } = await up('--memory', '--nodes', '3')
  expect(new Set(address.split(',')).size).toBe(3)
  expect(await tidemark(['topic', 'create', 't', '-p', '3', '-r', '3', '-b', address])).toMatchObject({ code: 0 })
  const { stdout } = await tidemark(['topic', 'describe', 't', '-o', 'json', '-b', address])
  expect(JSON.parse(stdout).partitions.map(({ leader, replicas }: any) => [leader, replicas])).toEqual([
    [1, [1, 2, 3]],
    [2, [2, 3, 1]],
    [3, [3, 1, 2]],
  ])
})

test('nodes in racks: replicas are spread over them, and a rack too few is refused', async () => {
  const { address } = await up('--memory', '--nodes', '4', '--racks', 'a,a,b,b', '--replica-selector', 'rack-aware')
  expect(await tidemark(['topic', 'create', 't', '-p', '2', '-r', '2', '-b', address])).toMatchObject({ code: 0 })
  const { stdout } = await tidemark(['topic', 'describe', 't', '-o', 'json', '-b', address])
  expect(JSON.parse(stdout).partitions.map(({ replicas }: any) => replicas)).toEqual([
    [1, 3],
    [3, 1],
  ])
  const refused = await tidemark(['up', '--memory', '--nodes', '3', '--racks', 'a,b'])
  expect(refused).toMatchObject({ code: 2, stdout: '' })
  expect(refused.stderr).toContain('--racks names 2 racks; it must name one for each of the 3 nodes of --nodes')
})

describe('on disk', () => {
  const data = path.join(scratch, 'data')

  test('what was written is there after a kill; Ctrl-C ends it cleanly', async () => {
    const first = await up('--data', data, '--fsync', 'always')
    await tidemark(['produce', 'kept', '-b', first.address], 'one\ntwo\n')
    await stopped(first.child, 'SIGKILL')
    const second = await up('--data', data)
    expect((await tidemark(['consume', 'kept', '-b', second.address])).stdout).toBe('one\ntwo\n')
    expect(await stopped(second.child, 'SIGINT')).toBe(0)
  })

  test('a folder that another process holds, and one of another version, are refused', async () => {
    const { child } = await up('--data', data)
    const held = await tidemark(['up', '--listen', '127.0.0.1:0', '--data', data])
    expect(held).toMatchObject({ code: 1, stdout: '' })
    expect(held.stderr).toContain('another broker uses the folder')
    await stopped(child, 'SIGTERM')
    const format = path.join(data, 'FORMAT')
    writeFileSync(format, readFileSync(format, 'utf8').replace('tidemark 2', 'tidemark 99'))
    const other = await tidemark(['up', '--listen', '127.0.0.1:0', '--data', data])
    expect(other).toMatchObject({ code: 1, stdout: '' })
    expect(other.stderr).toContain('has format 99, and this version reads format 2')
  })
})

test('a port in use is an error that says so', async () => {
  const { address, child } = await up('--memory')
  const out = await tidemark(['up', '--memory', '--listen', address])
  expect(out).toMatchObject({ code: 1, stdout: '' })
  expect(out.stderr).toContain('is in use by another process')
  await stopped(child, 'SIGTERM')
})

test.concurrent.each<[string[]]>([
  [['topic', 'list']],
  [['topic', 'create', 'orders']],
  [['group', 'list']],
  [['group', 'describe', 'billing']],
  [['consume', 'orders']],
  [['consume', 'orders', '-g', 'billing']],
  [['consume', 'orders', '--follow']],
  [['produce', 'orders']],
])('without a broker `%s` fails in one line that says what to do', async (args) => {
  const out = await tidemark([...args, '-b', '127.0.0.1:1'])
  expect(out).toMatchObject({ code: 1, stdout: '' })
  expect(out.stderr).toMatch(/^tidemark: [^\n]*no broker can be reached: 127\.0\.0\.1:1: [^\n]*\n$/)
})

describe('help', () => {
  test('without arguments it is printed on stdout, and nothing failed', async () => {
    const out = await tidemark([])
    expect(out).toMatchObject({ code: 0, stderr: '' })
    expect(out.stdout).toMatch(/^Usage: tidemark/)
  })

  test.each([
    ['help offsets plan', 'offsets plan --help'],
    ['help topic create', 'topic create --help'],
    ['help offsets', 'offsets --help'],
    ['help', '--help'],
  ])('`tidemark %s` is `tidemark %s`', async (args, same) => {
    const out = await tidemark(args.split(' '))
    expect(out).toMatchObject({ code: 0, stderr: '' })
    expect(out).toEqual(await tidemark(same.split(' ')))
  })

  test.each([
    ['comsume', "unknown command 'comsume' (Did you mean consume?)"],
    ['sing', "unknown command 'sing'"],
    ['help comsume', "unknown command 'comsume' (Did you mean consume?)"],
    ['help group descripe', "unknown command 'descripe' (Did you mean describe?)"],
    ['consume x --form 3', "unknown option '--form' (Did you mean --from?)"],
    ['group descripe x', "unknown command 'descripe' (Did you mean describe?)"],
    ['consume', "missing required argument 'TOPIC'"],
  ])('`tidemark %s` is wrong usage, in one line', async (args, text) => {
    const out = await tidemark(args.split(' '))
    expect(out).toMatchObject({ code: 2, stdout: '', stderr: `tidemark: ${text} (see --help)\n` })
  })
})
