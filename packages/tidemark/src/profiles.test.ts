import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { expect, onTestFinished, test, vi } from 'vitest'
import { profilesFile, readProfiles, writeProfiles } from './profiles.ts'

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
  await expect(writeProfiles({ profiles: {} })).rejects.toMatchObject({ code: 'ENOENT' })
})
