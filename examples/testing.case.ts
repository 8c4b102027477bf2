/** How tests run the examples: as processes, from the sources. */
import { execFile } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { promisify } from 'node:util'

/** Windows has no signal that lets a process end in order. */
const isLeftOut = (example: string): boolean => process.platform === 'win32' && example === '11-order-service'

export const examples: readonly string[] = readdirSync(import.meta.dirname, { withFileTypes: true })
  .filter((entry) => entry.isDirectory() && !entry.name.startsWith('.') && !isLeftOut(entry.name))
  .map(({ name }) => name)

export const runExample = (file: string): Promise<{ stdout: string; stderr: string }> =>
  promisify(execFile)(process.execPath, ['--conditions=@tidemark/source', file], { timeout: 90_000, killSignal: 'SIGKILL' })
