/**
 * All kills and damage, one script after the other.
 *
 *   node --conditions=@tidemark/source conformance/kills/run.ts [--quick]
 *
 * With --quick, the slice for CI, two minutes at most; without it about half an hour, and the figures go to
 * docs/kills.md.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'

const SCRIPTS = ['broker.ts', 'consumers.ts', 'frames.ts', 'memory.ts', 'recovery.ts']

let [passed, failed, skipped] = [0, 0, 0]
for (const script of SCRIPTS) {
  const file = new URL(script, import.meta.url).pathname
  const child = spawn(process.execPath, ['--conditions=@tidemark/source', file, ...process.argv.slice(2)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let said = ''
  child.stdout.on('data', (chunk) => {
    said += chunk
    process.stdout.write(chunk)
  })
  const [code] = (await once(child, 'close')) as [number | null]
  const counts = /(\d+) passed, (\d+) failed, (\d+) skipped\n$/.exec(said)
  passed += Number(counts?.[1] ?? 0)
  failed += Number(counts?.[2] ?? 0)
  skipped += Number(counts?.[3] ?? 0)
  // A script that ended without a count is a failure of its own.
  if (counts === null || (code !== 0 && Number(counts[2]) === 0)) failed++
}
console.log(`${passed} passed, ${failed} failed, ${skipped} skipped`)
process.exit(failed === 0 ? 0 : 1)
