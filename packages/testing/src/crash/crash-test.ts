/** A user's own service under simulated crashes. */
import { TidemarkError } from '@tidemark/platform'
import { SeededRandom } from '../machine/random.ts'
import { type CrashTestOptions, type CrashTestReport, type ResolvedCrashTest, resolveCrashTest, type Service } from './options.ts'
import { planOf } from './plan.ts'
import { Run, type RunOutcome } from './run.ts'

const LINES_TOLD = 25

/**
 * Runs a service in a simulated world of a broker and several members, seed by seed, and crashes, freezes and
 * rebalances it and fails its commits: at every step of its handler, in one seed or another. Time is simulated: an hour
 * is a moment.
 *
 * Checked of every seed: once everything is committed, every effect that happens when nothing goes wrong has happened;
 * handlers began in `order`; no record was handled more often than what went wrong explains; with `once`, no effect
 * happened twice.
 *
 * ```ts
 * await crashTest(
 *   ({ kafka, effect }) =>
 *     createConsumer(kafka, { group: 'billing' }).each('orders', { order: 'key' }, async (message) => {
 *       await effect(`charge ${message.value}`)
 *     }),
 *   { topic: 'orders' },
 * )
 * ```
 * Rejects with `TidemarkError` CRASH_TEST_FAILED, whose message has the seed and what happened before; the same seed
 * gives the same run: `crashTest(service, { topic, seed, log: console.log })`. INVALID_OPTION and INVALID_ARGUMENT.
 */
export async function crashTest(service: Service, options: CrashTestOptions): Promise<CrashTestReport> {
  const resolved = resolveCrashTest(service, options)
  const calm = await new Run(service, { ...resolved, log: () => {} }, 1, new Map(), undefined).run()
  if (calm.violation !== undefined) throw failed('nothing has gone wrong yet', undefined, calm)
  if (calm.steps === 0) {
    throw new TidemarkError('CRASH_TEST_FAILED', `no handler was called: does the service read topic '${resolved.topic}'?`)
  }
  const seeds = resolved.seed === undefined ? Array.from({ length: resolved.seeds }, (_, i) => i + 1) : [resolved.seed]
  const report = { seeds: 0, crashes: 0, rebalances: 0, freezes: 0, commitsFailed: 0, repetitions: 0 }
  for (const seed of seeds) {
    const outcome = await runSeed(service, resolved, seed, calm)
    if (outcome.violation !== undefined) throw failed(`seed ${seed}`, seed, outcome)
    report.seeds++
    report.crashes += outcome.met.crash
    report.rebalances += outcome.met.rebalance
    report.freezes += outcome.met.freeze
    report.commitsFailed += outcome.met['commit refused'] + outcome.met['commit answer lost']
    report.repetitions += outcome.repetitions
  }
  return report
}

async function runSeed(service: Service, options: ResolvedCrashTest, seed: number, calm: RunOutcome): Promise<RunOutcome> {
  const plan = planOf(seed, calm.steps, new SeededRandom(seed ^ 0x9e3779b9))
  return await new Run(service, options, seed, plan, calm.effects).run()
}

function failed(what: string, seed: number | undefined, { violation, lines }: RunOutcome): TidemarkError {
  const again = seed === undefined ? '' : `; run it again with { seed: ${seed}, log: console.log }`
  const before = lines.slice(-LINES_TOLD).join('\n')
  return new TidemarkError('CRASH_TEST_FAILED', `${what}: ${violation}${again}\n${before}`)
}
