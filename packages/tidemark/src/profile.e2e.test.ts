/** Profiles are kept in one file, which many processes may change at once. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { endAll, finished, type Outcome, startWith } from './testing/command.ts'

const folder = mkdtempSync(path.join(tmpdir(), 'tidemark-profile-'))
afterAll(async () => {
  await endAll()
  rmSync(folder, { recursive: true })
})

function profile(...args: string[]): Promise<Outcome> {
  const child = startWith({ env: { ...process.env, XDG_CONFIG_HOME: folder } }, 'profile', ...args)
  child.stdin!.end()
  return finished(child)
}
const names = async (): Promise<string[]> =>
  JSON.parse((await profile('list', '-o', 'json')).stdout).map(({ name }: { name: string }) => name)

test('profiles that are added and removed at the same moment', { timeout: 60_000 }, async () => {
  const all = Array.from({ length: 10 }, (_, i) => `p${i}`)
  const added = await Promise.all(all.map((name) => profile('add', name, '-b', '127.0.0.1:9092')))
  expect(added.map(({ code }) => code)).toEqual(all.map(() => 0))
  expect((await names()).sort()).toEqual(all)
  await Promise.all([...all.slice(0, 4).map((name) => profile('remove', name)), profile('add', 'q', '-b', 'a:1'), profile('use', 'p9')])
  expect((await names()).sort()).toEqual([...all.slice(4), 'q'])
})
