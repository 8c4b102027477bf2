/** How tests run the examples: as processes, from the sources. */
import { execFile } from 'node:child_process'
import { mkdtempSync, readdirSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'

/** Windows has no signal that lets a process end in order. */
const isLeftOut = (example: string): boolean => process.platform === 'win32' && example === '11-order-service'

export const examples: readonly string[] = readdirSync(import.meta.dirname, { withFileTypes: true })
  .filter((entry) => entry.isDirectory() && !entry.name.startsWith('.') && !isLeftOut(entry.name))
  .map(({ name }) => name)

/** What Node.js makes of the sources is made once for all processes, in a folder that the caller removes. */
export function runner(): { run(file: string): Promise<{ stdout: string; stderr: string }>; cache: string } {
  const cache = mkdtempSync(path.join(tmpdir(), 'tidemark-examples-'))
  const run = (file: string) =>
    promisify(execFile)(process.execPath, ['--conditions=@tidemark/source', file], {
      env: { ...process.env, NODE_COMPILE_CACHE: cache },
      timeout: 90_000,
      killSignal: 'SIGKILL',
    })
  return { run, cache }
}
