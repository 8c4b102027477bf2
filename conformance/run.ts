/** `npm run conformance`: other people's clients against `tidemark up`, on disk, and our declarations against Kafka's. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { judge as kafkajs } from './clients/kafkajs.ts'
import { judge as kcat } from './clients/kcat.ts'
import { Report } from './report.ts'

const TIDEMARK = fileURLToPath(new URL('../packages/tidemark/bin/tidemark.js', import.meta.url))
const folder = mkdtempSync(path.join(tmpdir(), 'tidemark-conformance-'))
const broker = spawn(process.execPath, [TIDEMARK, 'up', '--listen', '127.0.0.1:0', '--data', folder], {
  stdio: ['ignore', 'pipe', 'inherit'],
})
const reports: Report[] = []
try {
  const [address] = (await once(createInterface({ input: broker.stdout }), 'line')) as [string]
  for (const [name, judge] of Object.entries({ kafkajs, kcat })) {
    const report = new Report(name)
    reports.push(report)
    await judge(report, [address]).catch((error) => report.check('runs to its end', () => Promise.reject(error)))
  }
} finally {
  broker.kill('SIGTERM')
  await once(broker, 'exit')
  rmSync(folder, { recursive: true, force: true })
}
const sum = (of: (r: Report) => number): number => reports.reduce((total, r) => total + of(r), 0)
const failed = sum((r) => r.failed)
console.log(`${sum((r) => r.passed)} passed, ${failed} failed, ${sum((r) => r.skipped)} skipped`)
process.exit(failed === 0 ? 0 : 1)
