import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { expect, onTestFinished, test, vi } from 'vitest'
import { changeProfiles, profilesFile, readProfiles } from './profiles.ts'

function written(text: string): void {
  const folder = mkdtempSync(path.join(tmpdir(), 'tidemark-'))
  vi.stubEnv('XDG_CONFIG_HOME', folder)
  onTestFinished(() => {
    vi.unstubAllEnvs()
    rmSync(folder, { recursive: true })
  })
  mkdirSync(path.dirname(profilesFile()))
  writeFileSync(profilesFile(), text)
}

test.each(['profi', ':::bad{', '7', '- a', 'profiles: 5', '{ "profiles": '])(
  'a file that is %j is an error, and not one without profiles',
  async (text) => {
    written(text)
    await expect(readProfiles()).rejects.toMatchObject({ code: 'INVALID_OPTION', message: expect.stringContaining(profilesFile()) })
  },
)

test.each(['', '# nothing yet\n', 'profiles: {}'])('one that is %j has none', async (text) => {
  written(text)
  expect(await readProfiles()).toEqual({ profiles: {} })
})

// Node's own recursion never returns there.
test.runIf(process.platform === 'linux')('a folder in which nothing can be made is an error', async () => {
  vi.stubEnv('XDG_CONFIG_HOME', '/proc/nope')
  onTestFinished(() => void vi.unstubAllEnvs())
  await expect(changeProfiles((known) => known)).rejects.toMatchObject({ code: 'ENOENT' })
})

test('changes at the same moment are all made', async () => {
  written('')
  const names = Array.from({ length: 20 }, (_, i) => `p${i}`)
  const add = (name: string) =>
    changeProfiles(({ profiles, ...known }) => ({ ...known, profiles: { ...profiles, [name]: { brokers: ['a:1'] } } }))
  await Promise.all(names.map(add))
  expect(Object.keys((await readProfiles()).profiles).sort()).toEqual(names.sort())
})
