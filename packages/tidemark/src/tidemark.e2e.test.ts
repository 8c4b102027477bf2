/** The command line as its user has it: the built program, real processes, what stands on stdout and stderr, and the exit code. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

const PROGRAM = fileURLToPath(new URL('../bin/tidemark.js', import.meta.url))
const scratch = mkdtempSync(path.join(tmpdir(), 'tidemark-e2e-'))
const running: ChildProcess[] = []

afterAll(async () => {
  for (const child of running) {
    if (child.exitCode === null && child.signalCode === null) {
      child.kill('SIGKILL')
      await once(child, 'exit')
    }
  }
  rmSync(scratch, { recursive: true, force: true })
})

interface Outcome {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

function start(...args: string[]): ChildProcess {
  const child = spawn(process.execPath, [PROGRAM, ...args], { stdio: ['pipe', 'pipe', 'pipe'] })
  running.push(child)
  return child
}

async function finished(child: ChildProcess): Promise<Outcome> {
  const out = { stdout: '', stderr: '' }
  child.stdout!.on('data', (chunk) => {
    out.stdout += chunk
  })
  child.stderr!.on('data', (chunk) => {
    out.stderr += chunk
  })
  const [code] = (await once(child, 'close')) as [number | null]
  return { code, ...out }
}

function tidemark(args: string[], input = ''): Promise<Outcome> {
  const child = start(...args)
  child.stdin!.on('error', () => {}) // it may end before it has read everything
  child.stdin!.end(input)
  return finished(child)
}

async function up(...args: string[]): Promise<{ child: ChildProcess; address: string }> {
  const child = start('up', '--listen', '127.0.0.1:0', ...args)
  const [address] = (await once(createInterface({ input: child.stdout! }), 'line')) as [string]
  return { child, address }
}

async function stopped(child: ChildProcess, signal: NodeJS.Signals): Promise<number | null> {
  const exit = once(child, 'exit')
  child.kill(signal)
  return ((await exit) as [number | null])[0]
}

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
    expect(record).toMatchObject({ topic: 'events', partition: 1, offset: 0, key: 'k', value: '{"n":1}', headers: [['source', 'test']] })
  })

  test('topics are listed as data on stdout, without those of the broker', async () => {
    const topics = JSON.parse((await ask('topic', 'list', '-o', 'json')).stdout) as { topic: string }[]
    expect(topics.map((t) => t.topic)).toEqual(['events', 'orders'])
  })

  test.each([
    ['a topic that is not there', ['consume', 'nowhere'], 1, "topic 'nowhere' does not exist; check the name, or create it first"],
    ['a group that is not there', ['group', 'describe', 'nobody'], 1, "group 'nobody' does not exist"],
    ['a topic that is there already', ['topic', 'create', 'orders'], 1, 'orders'],
    ['a place that is none', ['consume', 'orders', '--from', 'soon'], 2, "'soon' is no place"],
    ['a number that is none', ['topic', 'create', 'x', '-p', 'many'], 2, '--partitions must be a whole number'],
    ['a command that is none', ['sing'], 2, 'sing'],
  ])('%s: one line on stderr, and the exit code', async (_, args, code, text) => {
    const out = await ask(...args)
    expect(out).toMatchObject({ code, stdout: '' })
    expect(out.stderr).toContain(text)
    expect(out.stderr).not.toMatch(/\n\s+at /)
  })

  test('SIGTERM ends it cleanly', async () => {
    expect(await stopped(child, 'SIGTERM')).toBe(0)
  })
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
    writeFileSync(format, readFileSync(format, 'utf8').replace('tidemark 1', 'tidemark 99'))
    const other = await tidemark(['up', '--listen', '127.0.0.1:0', '--data', data])
    expect(other).toMatchObject({ code: 1, stdout: '' })
    expect(other.stderr).toContain('has format 99, and this version reads format 1')
  })
})

test('a port in use is an error that says so', async () => {
  const { address, child } = await up('--memory')
  const out = await tidemark(['up', '--memory', '--listen', address])
  expect(out).toMatchObject({ code: 1, stdout: '' })
  expect(out.stderr).toContain('is in use by another process')
  await stopped(child, 'SIGTERM')
})

test('a broker that is not there is an error that says what to do', async () => {
  const out = await tidemark(['topic', 'list', '-b', '127.0.0.1:1'])
  expect(out).toMatchObject({ code: 1, stdout: '' })
  expect(out.stderr).toContain('check the addresses, and that a broker listens there')
})

test.runIf(process.platform === 'linux')('the demo leaves no process and no file behind, also when it is interrupted', async () => {
  const child = spawn(process.execPath, [PROGRAM, 'demo', '--rate', '3000'], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, TMPDIR: scratch },
  })
  running.push(child)
  const outcome = finished(child)
  let said = ''
  await new Promise<void>((resolve) => {
    child.stderr!.on('data', (chunk) => {
      said += chunk
      if (said.includes('produced,')) resolve()
    })
  })
  child.kill('SIGINT')
  expect((await outcome).code).toBe(1)
  expect(readdirSync(scratch).filter((name) => name.startsWith('tidemark-demo-'))).toEqual([])
  const pids = [...said.matchAll(/(?:broker|process) (\d+)/g)].map((m) => Number(m[1]))
  expect(pids.length).toBeGreaterThanOrEqual(4)
  for (const pid of pids) expect(() => process.kill(pid, 0)).toThrow()
})
