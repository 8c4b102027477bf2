/** `startBroker()` in a process that runs already, on a new folder: milliseconds until it listens. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { performance } from 'node:perf_hooks'
import { startBroker } from '@tidemark/broker'

const folder = mkdtempSync(path.join(tmpdir(), 'tidemark-bench-embedded-'))
const began = performance.now()
const broker = await startBroker({ data: folder })
const ms = performance.now() - began
await broker.close()
rmSync(folder, { recursive: true, force: true })
console.log(JSON.stringify({ ms }))
