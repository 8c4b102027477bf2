import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { SOFTWARE } from './handshake.ts'

it('brokers are told the version of the package', () => {
  const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'))
  expect(SOFTWARE.clientSoftwareVersion).toBe(version)
})
