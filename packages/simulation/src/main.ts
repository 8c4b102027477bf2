/**
 * `npm run sim -- --seed N` runs one seed and prints what happens, a line an event. `npm run sim -- --seeds COUNT
 * [--from N]` runs many and prints those that fail; `--fresh` takes seeds that follow from the time and prints the
 * first. `--everything` draws every verb and option (workload/everything.ts), `--plain` none; one of them is the
 * default there. `--without NAME`, as often as wanted, leaves something of that out. `--sound-disk` leaves the faults
 * of the disk out; `--nodes N` gives the broker so many; `--plant NAME` puts a planted bug (plants.ts) into the code
 * first; `--first` ends at the first seed that fails.
 */
import { parseArgs } from 'node:util'

const { values } = parseArgs({
  options: {
    seed: { type: 'string' },
    seeds: { type: 'string' },
    from: { type: 'string', default: '1' },
    fresh: { type: 'boolean', default: false },
    plant: { type: 'string' },
    'sound-disk': { type: 'boolean', default: false },
    everything: { type: 'boolean' },
    plain: { type: 'boolean', default: false },
    without: { type: 'string', multiple: true },
    first: { type: 'boolean', default: false },
    nodes: { type: 'string' },
  },
})

if (values.plant !== undefined) (await import('./plants/plant.ts')).plant(values.plant)
const { simulate } = await import('./simulate.ts')
const settings = {
  soundDisk: values['sound-disk'],
  ...(values.everything !== undefined && { everything: values.everything }),
  ...(values.plain && { everything: false }),
  without: values.without ?? [],
  ...(values.nodes !== undefined && { nodes: whole('nodes', values.nodes) }),
}

function whole(name: string, text: string | undefined): number {
  const n = Number(text)
  if (Number.isSafeInteger(n)) return n
  console.error(`--${name} must be a whole number, not '${text}'`)
  process.exit(2)
}

if (values.seed !== undefined) {
  const { violation, events } = await simulate(whole('seed', values.seed), (line) => console.log(line), settings)
  console.log(
    violation === undefined
      ? `\nheld: ${events} events`
      : `\nBROKEN at ${violation.atMs.toFixed(2)} ms: ${violation.invariant}\n${violation.message}`,
  )
  process.exit(violation === undefined ? 0 : 1)
}

// New seeds: they follow from the time, so that each run begins elsewhere.
const from = values.fresh ? Math.floor(Date.now() / 1_000) * 1_000 : whole('from', values.from)
const count = whole('seeds', values.seeds ?? '100')
if (values.fresh) console.log(`seeds from ${from}; one of them again: npm run sim -- --seed N`)
const started = performance.now()
let failed = 0
let events = 0
let waitedMs = 0
for (let seed = from; seed < from + count; seed++) {
  const outcome = await simulate(seed, undefined, settings)
  events += outcome.events
  waitedMs = Math.max(waitedMs, outcome.waitedMs)
  if (outcome.violation === undefined) continue
  failed++
  console.log(`seed ${seed}: ${outcome.violation.invariant}: ${outcome.violation.message}`)
  if (values.first) process.exit(1)
}
const seconds = (performance.now() - started) / 1000
console.log(`${count} seeds, ${failed} failed, ${events} events, longest wait ${Math.round(waitedMs)} ms, ${seconds.toFixed(1)} s`)
process.exit(failed === 0 ? 0 : 1)
