/** One run, from one number. */
import { judgeTheEnd } from './at-the-end.ts'
import { unfinishedIn } from './ending.ts'
import { Violation } from './facts.ts'
import { DRAW_EVERYTHING } from './workload/everything.ts'
import { type RunSettings, World } from './world.ts'

export interface Outcome {
  readonly seed: number
  /** Undefined: everything held. */
  readonly violation: { readonly invariant: string; readonly message: string; readonly atMs: number } | undefined
  readonly events: number
  /** The longest that a group whose work was not done waited once the faults were over. */
  readonly waitedMs: number
  /** How often each thing was drawn: `verb: seek`. */
  readonly counts: ReadonlyMap<string, number>
}

/** By then everything must be done: faults end after six seconds at most. */
const LIMIT_MS = 120_000

/** `log` gets a line an event; without it nothing is spelled out. The same seed gives the same run. */
export async function simulate(
  seed: number,
  log?: (line: string) => void,
  { everything = DRAW_EVERYTHING, ...settings }: RunSettings = {},
): Promise<Outcome> {
  const world = new World(seed, log, { ...settings, everything })
  const unhandled = (error: unknown): void => world.fail('no rejection is left unhandled', error)
  const uncaught = (error: unknown): void => world.fail('no error goes uncaught', error)
  process.on('unhandledRejection', unhandled)
  process.on('uncaughtException', uncaught)
  try {
    await run(world, log)
  } finally {
    process.off('unhandledRejection', unhandled)
    process.off('uncaughtException', uncaught)
  }
  const { violation } = world
  return {
    seed,
    violation: violation === undefined ? undefined : { ...told(violation), atMs: world.scheduler.now },
    events: world.scheduler.events,
    waitedMs: world.progress.longestMs,
    counts: world.counts,
  }
}

async function run(world: World, log: ((line: string) => void) | undefined): Promise<void> {
  log?.(`plan ${JSON.stringify(world.plan)}`)
  world.start()
  try {
    await world.scheduler.run(
      LIMIT_MS,
      () => world.violation !== undefined || world.isFinished,
      () => {},
    )
  } catch (error) {
    world.violation ??= error
  }
  if (world.violation === undefined && !world.isFinished) {
    world.violation = new Violation('everything is done in the end', unfinishedIn(world))
  }
  if (world.violation === undefined) await judge(world)
}

async function judge(world: World): Promise<void> {
  let over = false
  world.isJudged = true
  const judged = judgeTheEnd(world)
    .catch((error) => {
      world.violation ??= error
    })
    .finally(() => {
      over = true
    })
  await world.scheduler.run(
    world.scheduler.now + LIMIT_MS,
    () => over || world.violation !== undefined,
    () => {},
  )
  if (!over && world.violation === undefined) world.violation = new Violation('the end can be judged', 'reading back takes for ever')
  if (over) await judged
}

function told(violation: unknown): { invariant: string; message: string } {
  if (violation instanceof Violation) return { invariant: violation.invariant, message: violation.message }
  return {
    invariant: 'no error is thrown',
    message: violation instanceof Error ? (violation.stack ?? violation.message) : String(violation),
  }
}
