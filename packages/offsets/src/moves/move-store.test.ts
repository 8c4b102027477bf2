import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import type { MoveRecord } from './move-record.ts'
import { MoveStore, moveId } from './move-store.ts'

let folder: string
let store: MoveStore
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'tidemark-store-'))
  store = new MoveStore(path.join(folder, 'moves'))
})
afterEach(() => rmSync(folder, { recursive: true }))

const AT_MS = Date.UTC(2026, 10, 22, 14)
function record(n: number, more: Partial<MoveRecord> = {}): MoveRecord {
  const place = { offset: n, leaderEpoch: -1, metadata: 'é' }
  const change = { topic: 't', topicId: null, partition: 0, before: place, after: null, state: 'done', error: null } as const
  const named = { id: moveId(AT_MS + n, `plan ${n}`), planId: `plan ${n}`, clusterId: 'c', group: 'g', target: 'start', atMs: AT_MS + n }
  return { ...named, user: 'u', reason: null, state: 'applied', undoes: null, changes: [change], ...more }
}

it('has what was written, the newest first', async () => {
  expect(await store.list()).toEqual([])
  for (const n of [2, 0, 1]) await store.write(record(n))
  expect((await store.list()).map(({ planId }) => planId)).toEqual(['plan 2', 'plan 1', 'plan 0'])
  expect(await store.list({ recordsMax: 1 })).toEqual([record(2)])
  await store.write(record(3, { group: 'other', state: 'applying' }))
  expect(await store.list({ group: 'g', recordsMax: 1 })).toEqual([record(2)])
  expect((await store.list({ state: 'applying' })).map(({ group }) => group)).toEqual(['other'])
  expect(await store.list({ clusterId: 'another' })).toEqual([])
})

it('finds a move by a part of its id, if that means one', async () => {
  await store.write(record(0))
  await store.write(record(1))
  const { id } = record(1)
  expect(id).toMatch(/^20261122T140000001Z-[0-9a-f]{8}$/)
  expect(await store.get(id)).toEqual(record(1))
  expect(await store.get(id.slice(-8))).toEqual(record(1))
  await expect(store.get('2026')).rejects.toMatchObject({ code: 'UNKNOWN_MOVE', message: /the beginning of 2 moves/ })
  await expect(store.get('nothing')).rejects.toMatchObject({ code: 'UNKNOWN_MOVE' })
})

it.each([
  '',
  'nonsense',
  '{}',
  'null',
  '[1]',
  '{"id":"a","planId":"b","clusterId":"c","group":"g","state":"applied","atMs":1,"changes":[{}]}',
])('leaves a damaged file out, and names it: %s', async (text) => {
  await store.write(record(0))
  const file = path.join(store.folder, '20270101T000000000Z-damaged.json')
  writeFileSync(file, text)
  const damaged: string[] = []
  expect(await store.list({ onDamaged: (name, why) => damaged.push(`${name} ${why}`) })).toEqual([record(0)])
  expect(damaged).toEqual([expect.stringContaining(file)])
  await expect(store.get('damaged')).rejects.toMatchObject({ code: 'UNKNOWN_MOVE', message: /cannot be read/ })
})

it('leaves out a folder with the name of a record', async () => {
  await store.write(record(0))
  mkdirSync(path.join(store.folder, '20270101T000000000Z-folder.json'))
  const damaged: string[] = []
  expect(await store.list({ onDamaged: (name) => damaged.push(path.basename(name)) })).toEqual([record(0)])
  expect(damaged).toEqual(['20270101T000000000Z-folder.json'])
})

it('appends a line to the audit file for each move, and never changes one', async () => {
  await store.write(record(0))
  await store.audit(record(0))
  await store.audit(record(1, { reason: 'a line\nbreak' }))
  const lines = readFileSync(path.join(store.folder, 'audit.jsonl'), 'utf8').split('\n')
  expect(lines).toHaveLength(3)
  expect(lines.slice(0, 2).map((line) => JSON.parse(line))).toEqual([record(0), record(1, { reason: 'a line\nbreak' })])
})

it('lets one process move a group at a time', () => {
  const lock = store.lock('c', 'g')
  expect(lock).toBeDefined()
  expect(store.lock('c', 'g')).toBeUndefined()
  store.lock('c', 'other')!.release()
  lock!.release()
  store.lock('c', 'g')!.release()
})
