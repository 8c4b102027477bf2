/** Faults of the disk, until its operator repairs it. */
import type { World } from '../world.ts'

/** What a full disk refuses. */
const GROWING: readonly string[] = ['write', 'create', 'makeFolder']
const STOPS_WITHIN_MS = 1_000

export class DiskFaults {
  readonly #world: World
  /** The disk refused something since it was last repaired. */
  failed = false

  constructor(world: World) {
    this.#world = world
  }

  /** The disk is full, or some call from now on fails, once or each time, until it is repaired. */
  begin(): void {
    const { random, plan, disk } = this.#world
    const { full, failing } = plan.disk
    if (random.chance(full)) {
      this.#world.say('the disk is full')
      disk.fault = (operation) => (GROWING.includes(operation) ? this.#fails(operation, 'ENOSPC') : undefined)
      return
    }
    const what = failing[random.below(failing.length)]!
    const once = random.chance(0.5)
    let before = random.below(8)
    this.#world.say(`the disk fails at ${what} number ${before}${once ? '' : ' and after'}`)
    disk.fault = (operation) => {
      if (operation !== what || before-- > 0) return undefined
      if (once) disk.fault = undefined
      return this.#fails(operation, 'EIO')
    }
  }

  #fails(operation: string, code: string): string {
    if (!this.failed) this.#world.say(`the disk fails: ${operation}: ${code}`)
    this.failed = true
    return code
  }

  mend(): void {
    const { random, plan, disk } = this.#world
    // What is not synced may be lost then: only `always` has acknowledged nothing of it.
    if (plan.powerLoss && random.chance(0.5)) disk.dropCaches()
    disk.fault = undefined
    this.failed = false
  }

  /** No more faults. Returns when everything is steady: a broker whose disk has just failed may be about to stop. */
  calmDown(): number {
    this.#world.disk.fault = undefined
    return this.failed ? this.#world.scheduler.now + STOPS_WITHIN_MS : 0
  }
}
