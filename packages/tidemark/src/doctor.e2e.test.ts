/** `tidemark doctor` and `tidemark peek` as processes. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { createAdmin, createKafka } from '@tidemark/client'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { endAll, finished, type Outcome, startWith, tidemark, up } from './testing/command.ts'

let address: string
const ask = (...args: string[]): Promise<Outcome> => tidemark([...args, '-b', address])

async function set(group: string, ...offsets: number[]): Promise<void> {
  await using kafka = createKafka({ brokers: [address] })
  await createAdmin(kafka).groups.setOffsets(
    group,
    offsets.map((offset, partition) => ({ topic: 'orders', partition, offset })),
  )
}

beforeAll(async () => {
  ;({ address } = await up('--memory'))
  await ask('topic', 'create', 'orders', '-p', '2')
  await tidemark(['produce', 'orders', '--key-separator', ':', '-b', address], 'k:one\nk:two\nk:three\n')
})

afterAll(endAll)

describe('doctor', () => {
  test('finds nothing wrong with a sound group', async () => {
    await set('sound', 0, 0)
    expect(await ask('doctor', 'sound')).toMatchObject({ code: 0, stdout: '', stderr: '0 errors, 0 warnings, 0 notices\n' })
  })

  test('an error ends it with 1, and has the command that mends it', async () => {
    await set('beyond', 99, 0)
    const { code, stdout, stderr } = await ask('doctor', 'beyond')
    expect(code).toBe(1)
    expect(stdout).toMatch(
      /^error {4}beyond orders-0: offset 99 is committed, .* \(beyond-end\)\n {9}tidemark offsets move beyond --topic orders:0 --to start\n/,
    )
    expect(stderr).toBe('1 error, 0 warnings, 0 notices\n')
    const [found] = JSON.parse((await ask('doctor', 'beyond', '-o', 'json')).stdout)
    expect(found).toMatchObject({ rule: 'beyond-end', severity: 'error', group: 'beyond', topic: 'orders', partition: 0 })
    expect(found.command).toBe('tidemark offsets move beyond --topic orders:0 --to start')
    const csv = (await ask('doctor', '-o', 'csv')).stdout.split('\n')
    expect(csv[0]).toBe('severity,rule,group,topic,partition,message,command')
  })

  test('its command mends it', async () => {
    await set('mended', 99, 0)
    const [{ command }] = JSON.parse((await ask('doctor', 'mended', '-o', 'json')).stdout)
    const state = mkdtempSync(path.join(tmpdir(), 'tidemark-doctor-'))
    const child = startWith({ env: { ...process.env, XDG_STATE_HOME: state } }, ...command.split(' ').slice(1), '--yes', '-b', address)
    expect((await finished(child)).code).toBe(0)
    rmSync(state, { recursive: true })
    expect((await ask('doctor', 'mended')).code).toBe(0)
  })

  test('a warning ends it with 0, and with 1 where it is --strict', async () => {
    const partition = JSON.parse((await ask('topic', 'describe', 'orders', '-o', 'json')).stdout).partitions.find(
      (p: { end: number }) => p.end === 0,
    )
    await using kafka = createKafka({ brokers: [address] })
    await createAdmin(kafka).groups.setOffsets('part', [{ topic: 'orders', partition: partition.partition, offset: 0 }])
    expect(await ask('doctor', 'part')).toMatchObject({ code: 0, stderr: '0 errors, 1 warning, 0 notices\n' })
    expect((await ask('doctor', 'part', '--strict')).code).toBe(1)
  })

  test('a group that does not exist is an error of its own', async () => {
    expect(await ask('doctor', 'nobody')).toMatchObject({ code: 1, stdout: '' })
  })
})

describe('peek', () => {
  test('shows the next record and those around it', async () => {
    const partition = JSON.parse((await ask('topic', 'describe', 'orders', '-o', 'json')).stdout).partitions.find(
      (p: { end: number }) => p.end === 3,
    )
    await using kafka = createKafka({ brokers: [address] })
    await createAdmin(kafka).groups.setOffsets('reader', [{ topic: 'orders', partition: partition.partition, offset: 1 }])
    const { code, stdout } = await ask('peek', 'reader')
    expect(code).toBe(0)
    const lines = stdout.trim().split('\n')
    expect(lines[0]).toMatch(/^PLACE +TOPIC +PARTITION +OFFSET +AT +KEY +VALUE$/)
    expect(lines.slice(1).map((line) => line.split(/ +/).filter((_, i) => [0, 3, 5, 6].includes(i)))).toEqual([
      ['before', '0', 'k', 'one'],
      ['at', '1', 'k', 'two'],
      ['after', '2', 'k', 'three'],
    ])
    const [record] = JSON.parse((await ask('peek', 'reader', '-B', '0', '-A', '0', '-o', 'json')).stdout)
    expect(record).toMatchObject({ topic: 'orders', offset: 1, key: 'k', value: 'two', headers: [], place: 'at' })
  })

  test.each([
    [['peek', 'nobody'], 1, 'does not exist'],
    [['peek', 'reader', '--topic', 'other'], 1, "group 'reader' has committed nothing in other"],
    [['peek', 'reader', '-A', '-1'], 2, '--after'],
  ])('%s is refused in one line', async (args, code, text) => {
    const out = await ask(...args)
    expect(out).toMatchObject({ code, stdout: '' })
    expect(out.stderr).toContain(text)
    expect(out.stderr.trim().split('\n')).toHaveLength(1)
  })
})
