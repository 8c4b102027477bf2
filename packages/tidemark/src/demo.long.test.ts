/** The demo: what it says, and that it leaves no process and no file behind, whatever ends it. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { createAdmin, createKafka } from '@tidemark/client'
import { afterAll, describe, expect, test } from 'vitest'
import { endAll, finished, PROGRAM, startWith, stopped, up } from './testing/command.ts'

const scratch = mkdtempSync(path.join(tmpdir(), 'tidemark-demo-e2e-'))

afterAll(async () => {
  await endAll()
  rmSync(scratch, { recursive: true, force: true })
})

const demo = (...args: string[]): ChildProcess =>
  startWith({ env: { ...process.env, TMPDIR: scratch } }, 'demo', '--rate', '15000', ...args)
const pidsIn = (text: string): number[] => [...text.matchAll(/(?:broker|process) (\d+)/g)].map((m) => Number(m[1]))

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
    return false
  }
}

/** Node.js keeps its compile cache there too. */
const folders = (): string[] => readdirSync(scratch).filter((name) => name.startsWith('tidemark-demo-'))

async function expectNothingLeft(said: string): Promise<void> {
  const pids = pidsIn(said)
  expect(pids.length).toBeGreaterThanOrEqual(4)
  await expect.poll(() => pids.filter(isAlive), { timeout: 10_000 }).toEqual([])
  await expect.poll(folders, { timeout: 10_000 }).toEqual([])
}

/** What it says until it works. */
function atWork(child: ChildProcess): Promise<string> {
  let said = ''
  return new Promise((resolve) => {
    child.stderr!.on('data', (chunk) => {
      said += chunk
      if (said.includes('produced,')) resolve(said)
    })
  })
}

test('it kills, checks, and measures pauses up to the work of the next owner', async () => {
  const { code, stdout, stderr } = await finished(demo())
  expect(code).toBe(0)
  expect(stdout).toContain('all 220 airports agree with a count of the file alone\n')
  expect(stdout).toMatch(/^flights lost +0$/m)
  expect(stdout).toMatch(/^flights counted twice +0$/m)
  // The group waits for the session time-out, 1.5 s, from the last heartbeat on, at most 100 ms before the kill.
  expect(Number(/^pause, counter-\d killed +(\d+) ms$/m.exec(stdout)?.[1])).toBeGreaterThan(1_300)
  expect(Number(/^pause, the broker killed +(\d+) ms$/m.exec(stdout)?.[1])).toBeGreaterThan(50)
  expect(stderr).toMatch(/counter-\d(, started again,)? takes over partitions? [\d, ]+ from counter-\d/)
  expect(Math.max(...stdout.split('\n').map((line) => line.length))).toBeLessThan(60)
  await expectNothingLeft(stderr)
})

describe.runIf(process.platform === 'linux')('nothing is left behind', () => {
  test.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
    ['SIGHUP', 129],
  ] as const)('after %s', async (signal, code) => {
    const child = demo()
    const said = await atWork(child)
    expect(await stopped(child, signal)).toBe(code)
    await expectNothingLeft(said)
  })

  test('after a second Ctrl-C', async () => {
    const child = demo()
    const said = await atWork(child)
    child.kill('SIGINT')
    await stopped(child, 'SIGTERM')
    await expectNothingLeft(said)
  })

  test('when nobody reads its output any more', async () => {
    const child = demo()
    const said = await atWork(child)
    const exit = once(child, 'exit')
    child.stderr!.destroy()
    child.stdout!.destroy()
    await exit
    await expectNothingLeft(said)
  })

  test('when its parent has gone', async () => {
    const shell = spawn('sh', ['-c', `"${process.execPath}" "${PROGRAM}" demo --rate 3000 & wait`], {
      env: { ...process.env, TMPDIR: scratch },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    const said = await atWork(shell)
    shell.kill('SIGKILL')
    await expectNothingLeft(said)
  })

  test('no process, when it is killed itself', async () => {
    const child = demo()
    const pids = pidsIn(await atWork(child))
    await stopped(child, 'SIGKILL')
    await expect.poll(() => pids.filter(isAlive), { timeout: 10_000 }).toEqual([])
    for (const name of folders()) rmSync(path.join(scratch, name), { recursive: true })
  })
})

test('on a foreign cluster its topic is deleted, also when it is interrupted', async () => {
  const { address, child: broker } = await up('--memory')
  const child = demo('--brokers', address, '--no-kill-consumer-at')
  let said = ''
  child.stderr!.on('data', (chunk) => {
    said += chunk
  })
  await atWork(child)
  expect(await stopped(child, 'SIGINT')).toBe(130)
  await using kafka = createKafka({ brokers: [address] })
  expect((await createAdmin(kafka).topics.list()).filter((t) => !t.internal)).toEqual([])
  expect(
    (await createAdmin(kafka).groups.list()).filter((g) => g.state !== 'Empty'),
    said,
  ).toEqual([])
  await stopped(broker, 'SIGTERM')
})
