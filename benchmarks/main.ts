/**
 * `npm run bench`: our broker, Apache Kafka and kfake under the same foreign client; our client beside other people's
 * against Kafka.
 *
 *   npm run bench -- [--only TEXT] [--rounds N] [--factor F] [--sources] [--no-write] [--before CHECKOUT]
 *
 * `--only` takes a part of a row's name (`--only growth`, `--only 'consume 1 KiB'`) and then prints instead of writing
 * RESULTS.md. `--before` measures a built checkout of an earlier version beside this one, in place of other people's,
 * and prints. `--factor 0.1` is a quick look. `--sources` runs ours without building `dist`. Needs Linux, Go, Java,
 * Maven and npm.
 */
import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { cpus, loadavg, totalmem } from 'node:os'
import path from 'node:path'
import { parseArgs } from 'node:util'
import { kafkaJars } from '../conformance/kafka/jars.ts'
import { brokerLoads } from './loads/broker.ts'
import { clientLoads } from './loads/client.ts'
import { commits } from './loads/commits.ts'
import { durable } from './loads/durable.ts'
import { exactlyOnce } from './loads/exactly-once.ts'
import { growth } from './loads/growth.ts'
import { runtime } from './loads/runtime.ts'
import { killed, start } from './loads/start.ts'
import { comparison, page } from './results.ts'
import { Samples } from './samples.ts'
import { buildDriver, REPOSITORY } from './tools.ts'

const { values } = parseArgs({
  options: {
    only: { type: 'string' },
    rounds: { type: 'string', default: '3' },
    factor: { type: 'string', default: '1' },
    sources: { type: 'boolean', default: false },
    before: { type: 'string' },
    'no-write': { type: 'boolean', default: false },
  },
})
const rounds = Number(values.rounds)
const scale = {
  factor: Number(values.factor),
  sources: values.sources,
  ...(values.before === undefined ? {} : { before: path.resolve(values.before) }),
}
/** Rows that one rival alone has. */
const ALONE = [exactlyOnce, growth, commits]
const wants = (row: string): boolean => values.only === undefined || row.includes(values.only)
const chosen = [start, brokerLoads, durable, killed, clientLoads, runtime, exactlyOnce, growth, commits].filter(
  (benchmark) => benchmark.rows.some(wants) && !(values.before !== undefined && ALONE.includes(benchmark)),
)
if (chosen.length === 0) {
  console.error(`no row has '${values.only}' in its name`)
  process.exit(2)
}

if (!scale.sources) execFileSync(process.execPath, [path.join(REPOSITORY, 'scripts', 'build.mjs')], { stdio: 'inherit' })
buildDriver()
kafkaJars('4.3.1')
const loadBefore = loadavg()[0]!
const samples = new Samples()
const failures: string[] = []
for (let turn = 0; turn < rounds; turn++) {
  for (const benchmark of chosen) {
    if (turn >= (benchmark.rounds ?? rounds)) continue
    console.error(`round ${turn + 1} of ${rounds}: ${benchmark.rows.filter(wants).slice(0, 3).join('; ')} …`)
    // One rival that fails must not cost the figures of a quarter of an hour.
    await benchmark.round({ samples, scale, turn, wants }).catch((error: Error) => failures.push(error.message))
  }
}

const about = {
  date: new Date().toISOString().slice(0, 10),
  machine: `${cpus()[0]?.model ?? process.arch} × ${cpus().length}, ${Math.round(totalmem() / 2 ** 30)} GiB`,
  versions: `Node.js ${process.versions.node}, Apache Kafka 4.3.1 with 1 GB of heap, franz-go 1.22.3`,
  rounds,
  factor: scale.factor,
  loadBefore,
}
const text = values.before === undefined ? page(samples, about) : comparison(samples, about)
if (values.only === undefined && values.before === undefined && !values['no-write'] && failures.length === 0) {
  writeFileSync(path.join(REPOSITORY, 'benchmarks', 'RESULTS.md'), text)
  console.error('written: benchmarks/RESULTS.md')
}
console.log(text)
for (const failure of failures) console.error(`FAILED: ${failure}`)
process.exit(failures.length === 0 ? 0 : 1)
