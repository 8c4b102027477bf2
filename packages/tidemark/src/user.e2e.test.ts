/** The command line under a user's hands: bytes, closed pipes, full disks, signals, and brokers that die. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { openSync } from 'node:fs'
import { createAdmin, createKafka } from '@tidemark/client'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { endAll, finished, type Outcome, PROGRAM, start, stopped, tidemark, up, wrote } from './testing/command.ts'

let broker: ChildProcess
let address: string

beforeAll(async () => {
  ;({ child: broker, address } = await up('--memory'))
})

afterAll(endAll)

const ask = (...args: string[]): Promise<Outcome> => tidemark([...args, '-b', address])
const askWith = (input: string | Buffer, ...args: string[]): Promise<Outcome> => tidemark([...args, '-b', address], input)
const begin = (...args: string[]): ChildProcess => start(...args, '-b', address)
const numbers = (n: number): string => Array.from({ length: n }, (_, i) => `${i}\n`).join('')

interface Described {
  readonly state: string
  readonly members: readonly unknown[]
  readonly positions: readonly { topic: string; committed: number; lag: number | null; error: { code: string } | null }[]
}

async function described(group: string): Promise<Described> {
  return JSON.parse((await tidemark(['group', 'describe', '-o', 'json', '-b', address, '--', group])).stdout)
}

describe('bytes', () => {
  const BYTES = Buffer.from('a\xff\xfe\nb\r\n\0\n\xef\xbb\xbfc\n', 'latin1')

  test('values go through plain lines untouched', async () => {
    expect(await askWith(BYTES, 'produce', 'plain')).toMatchObject({ code: 0, stderr: 'wrote 4 records to plain\n' })
    expect((await ask('consume', 'plain')).stdout).toBe(BYTES.toString('latin1'))
  })

  test('-o json loses nothing, and produce --json takes it', async () => {
    await ask('topic', 'create', 'origin', '-p', '3')
    await ask('topic', 'create', 'copy', '-p', '3')
    const lines = [
      {
        key: { base64: '//4=' },
        value: { base64: 'gA==' },
        headers: [{ key: 'h', value: { base64: '/w==' } }],
        partition: 2,
        timestampMs: 5,
      },
      { key: null, value: null, headers: [], partition: 1, timestampMs: 7 },
      {
        key: 'k',
        value: '\u2028"\\',
        headers: [
          { key: 'h', value: null },
          { key: 'h', value: 'twice' },
        ],
        partition: 0,
        timestampMs: 1_700_000_000_000,
      },
    ]
    await askWith(lines.map((line) => `${JSON.stringify(line)}\n`).join(''), 'produce', 'origin', '--json')
    const first = await ask('consume', 'origin', '-o', 'json')
    expect(await askWith(Buffer.from(first.stdout, 'latin1'), 'produce', 'copy', '--json')).toMatchObject({ code: 0 })
    const second = await ask('consume', 'copy', '-o', 'json')
    const sorted = ({ stdout }: Outcome) =>
      Buffer.from(stdout, 'latin1')
        .toString()
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line))
        .sort((a, b) => a.partition - b.partition)
    expect(sorted(second)).toEqual(sorted(first).map((record) => ({ ...record, topic: 'copy' })))
    expect(sorted(first)[2]).toMatchObject(lines[0]!)
  })
})

describe('produce', () => {
  test('a bad line is named by its number, and the good ones before it are written', async () => {
    const out = await askWith('{"value":"a"}\n{"value":"b"}\nnonsense\n{"value":"c"}\n', 'produce', 'bad', '--json')
    expect(out).toMatchObject({ code: 1, stdout: '' })
    expect(out.stderr).toMatch(/^wrote 2 records to bad\ntidemark: line 3 is not JSON: [^\n]*\n$/)
    expect((await ask('consume', 'bad')).stdout).toBe('a\nb\n')
  })

  test.each([
    [['--key-separator', ''], '--key-separator is empty'],
    [['--json', '--key-separator', ':'], '--json and --key-separator exclude each other'],
  ])('%j is wrong use', async (options, text) => {
    const out = await askWith('{"value":"a"}\n', 'produce', 'wrong', ...options)
    expect(out).toMatchObject({ code: 2, stdout: '', stderr: expect.stringContaining(text) })
  })

  test.each([
    ['a bad line', ['--key-separator', ':'], 'no separator\n', 'line 1 has no key separator'],
    ['a refused record', [], `${'x'.repeat(2_000_000)}\n`, 'line 1: '],
  ])('ends at its first error though stdin stays open: %s', async (_, options, line, text) => {
    const child = begin('produce', 'open', ...options)
    child.stdin!.write(line)
    const out = await finished(child)
    expect(out).toMatchObject({ code: 1 })
    expect(out.stderr).toContain(text)
  })
})

describe('stdout', () => {
  test('one that is closed ends consume silently, and the group is left', async () => {
    await askWith(numbers(20_000), 'produce', 'piped')
    const child = begin('consume', 'piped', '-g', 'head')
    const outcome = finished(child)
    await once(child.stdout!, 'data')
    child.stdout!.destroy()
    const { code, stderr } = await outcome
    expect(code).toBe(0)
    expect(stderr).toMatch(/^\d+ records?\n$/)
    expect(await described('head')).toMatchObject({ state: 'Empty', members: [] })
  })

  test('one that is full is one line', async () => {
    await askWith('a\n', 'produce', 'full')
    for (const args of [
      ['consume', 'full'],
      ['topic', 'list'],
      ['consume', 'full', '-g', 'full', '-n', '1'],
    ]) {
      const child = spawn(process.execPath, [PROGRAM, ...args, '-q', '-b', address], {
        stdio: ['ignore', openSync('/dev/full', 'w'), 'pipe'],
      })
      let stderr = ''
      child.stderr!.on('data', (chunk) => {
        stderr += chunk
      })
      const [code] = await once(child, 'close')
      expect({ code, stderr }).toEqual({ code: 1, stderr: 'tidemark: cannot write to stdout: ENOSPC: no space left on device, write\n' })
    }
    // What could not be printed is not committed.
    expect((await described('full')).positions.map((p) => p.committed)).not.toContain(1)
  })
})

describe('signals', () => {
  test.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
    ['SIGHUP', 129],
  ] as const)('consume leaves its group at %s and ends with %i', async (signal, code) => {
    await askWith('a\nb\n', 'produce', 'signals')
    const child = begin('consume', 'signals', '-g', signal)
    await wrote(child, 'stdout', 'b')
    expect(await stopped(child, signal)).toBe(code)
    expect(await described(signal)).toMatchObject({ state: 'Empty', members: [], positions: [{ lag: 0 }] })
  })

  test('Ctrl-C ends a read that follows, and produce after what it has read', async () => {
    const reader = begin('consume', 'signals', '--follow')
    await wrote(reader, 'stdout', 'b')
    expect(await stopped(reader, 'SIGINT')).toBe(130)
    const writer = begin('produce', 'signals', '--key-separator', ':')
    const outcome = finished(writer)
    writer.stdin!.write('k:v\n')
    await expect.poll(async () => (await ask('consume', 'signals')).stdout, { timeout: 10_000 }).toContain('v\n')
    writer.kill('SIGINT')
    expect(await outcome).toMatchObject({ code: 130, stderr: 'wrote 1 record to signals\n' })
  })

  test('a second one ends the process at once', async () => {
    const other = await up('--memory')
    await tidemark(['produce', 'orders', '-b', other.address], 'a\n')
    const child = start('consume', 'orders', '-g', 'billing', '-b', other.address)
    const outcome = finished(child)
    await wrote(child, 'stdout', 'a')
    other.child.kill('SIGSTOP') // the final commit finds no answer
    // Two signals at once are one: it is pressed until it is heard.
    const pressing = setInterval(() => child.kill('SIGINT'), 50)
    const { code, stderr } = await outcome
    clearInterval(pressing)
    // A clean end, which waits for the commit, says how many records there were.
    expect([code, stderr]).toEqual([130, ''])
    other.child.kill('SIGCONT')
  })
})

describe('a broker that dies', () => {
  test('ends a bounded read, with one error and exit code 1', async () => {
    const other = await up('--memory')
    // Ten fetches.
    await tidemark(['produce', 'orders', '-b', other.address], `${'x'.repeat(1_000)}\n`.repeat(10_000))
    const child = start('consume', 'orders', '-b', other.address)
    const outcome = finished(child)
    await once(child.stdout!, 'data')
    child.stdout!.pause() // more than a pipe holds is left to read
    await stopped(other.child, 'SIGKILL')
    child.stdout!.resume()
    const { code, stderr, stdout } = await outcome
    expect(stdout.split('\n').length).toBeLessThan(10_000)
    expect(code).toBe(1)
    expect(stderr).toMatch(/\d+ records?\ntidemark: [^\n]*no broker can be reached/)
  })

  test('is reported while a read that follows waits for it', async () => {
    const other = await up('--memory')
    await tidemark(['produce', 'orders', '-b', other.address], 'a\n')
    const child = start('consume', 'orders', '--follow', '-b', other.address)
    const quiet = start('consume', 'orders', '--follow', '-q', '-b', other.address)
    const silence = finished(quiet)
    await Promise.all([wrote(child, 'stdout', 'a'), wrote(quiet, 'stdout', 'a')])
    const reported = wrote(child, 'stderr', /^tidemark: (?!tidemark)[^\n]*tried again[^\n]*\n$/)
    await stopped(other.child, 'SIGKILL')
    await reported
    expect(await stopped(child, 'SIGINT')).toBe(130)
    quiet.kill('SIGINT')
    expect(await silence).toMatchObject({ code: 130, stderr: '' })
  })
})

describe('groups', () => {
  test('--from says where it is ignored', async () => {
    await askWith('a\nb\n', 'produce', 'from')
    expect((await ask('consume', 'from', '-g', 'from', '--from', 'start', '-n', '1')).stderr).toBe('1 record\n')
    const again = await ask('consume', 'from', '-g', 'from', '--from', 'start', '-n', '1')
    expect(again.stdout).toBe('b\n')
    expect(again.stderr).toBe('--from start is ignored where group from has a committed offset: 1 partition of from\n1 record\n')
  })

  test("one whose name begins with '-' can be named", async () => {
    await askWith('a\n', 'produce', 'dash')
    expect((await ask('consume', 'dash', '--group=-x', '-n', '1')).code).toBe(0)
    expect(await described('-x')).toMatchObject({ positions: [{ topic: 'dash', committed: 1 }] })
  })

  test('a topic that was deleted does not take the other rows away', async () => {
    for (const topic of ['kept', 'deleted']) {
      await askWith('a\nb\n', 'produce', topic)
      await ask('consume', topic, '-g', 'rows', '-n', '1')
    }
    await using kafka = createKafka({ brokers: [address] })
    // A topic whose offsets stay: Kafka removes them some time after it.
    await createAdmin(kafka).topics.delete('deleted')
    const { positions } = await described('rows')
    expect(positions).toContainEqual(expect.objectContaining({ topic: 'kept', committed: 1, lag: 1, error: null }))
    for (const row of positions) if (row.topic === 'deleted') expect(row).toMatchObject({ lag: null, error: { code: 'UNKNOWN_TOPIC' } })
  })

  test('the owner is named by client and host', async () => {
    await askWith('a\n', 'produce', 'owned')
    const child = begin('consume', 'owned', '-g', 'owners')
    await wrote(child, 'stdout', 'a')
    const { stdout, stderr } = await ask('group', 'describe', 'owners')
    expect(stderr).toBe('group owners: Stable, classic, 1 member\n')
    // Whether it has committed by now is open.
    expect(stdout).toMatch(
      /^TOPIC +PARTITION +COMMITTED +END +LAG +.*OWNER *(?:NOTE *)?\nowned +0 +\S+ +1 +[-\d] .*tidemark-cli 127\.0\.0\.1\b.*\n$/,
    )
    await stopped(child, 'SIGINT')
  })
})

describe('up', () => {
  test.each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)('%s is its usual end', async (signal) => {
    const { child } = await up('--memory')
    expect(await stopped(child, signal)).toBe(0)
  })

  test('with --until-stdin-ends it does not outlive the program that started it', async () => {
    const { child } = await up('--memory', '--until-stdin-ends')
    const exit = once(child, 'exit')
    child.stdin!.end()
    expect(await exit).toEqual([0, null])
  })

  test('on all addresses it says so, and warns', async () => {
    const child = start('up', '--memory', '--listen', '0.0.0.0:0')
    const outcome = finished(child)
    await wrote(child, 'stderr', 'warning: there is no authentication: everyone who reaches this address can read and write everything\n')
    child.kill('SIGTERM')
    const { stdout, stderr } = await outcome
    expect(stdout).toMatch(/^127\.0\.0\.1:\d+\n$/)
    expect(stderr).toMatch(/^listening on all addresses, port \d+ \([^)]*127\.0\.0\.1[^)]*\); in memory; Ctrl-C ends it\n/)
  })

  test('--advertise names the address that clients are told', async () => {
    const child = start('up', '--memory', '--listen', '127.0.0.1:0', '--advertise', 'localhost')
    const [line] = await Promise.race([once(child.stdout!, 'data'), once(child, 'exit')])
    expect(String(line)).toMatch(/^localhost:\d+\n$/)
    await stopped(child, 'SIGTERM')
  })

  test('a second --listen is refused', async () => {
    const out = await tidemark(['up', '--memory', '--listen', '127.0.0.1:0', '--listen', '127.0.0.1:0'])
    expect(out).toMatchObject({ code: 2, stdout: '', stderr: 'tidemark: --listen was given twice; the broker listens on one address\n' })
  })
})

test('the broker of this file ends cleanly', async () => {
  expect(await stopped(broker, 'SIGTERM')).toBe(0)
})
