/** Plans that were made here and can be applied: the newest so many, until they expire. */
import type { MovePlan } from '@tidemark/offsets'
import type { Clock } from '@tidemark/platform'
import { Refusal } from '../guard/refusal.ts'

const PLANS_MAX = 100

export class Plans {
  readonly #clock: Clock
  readonly #plans = new Map<string, MovePlan>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  keep(plan: MovePlan): MovePlan {
    const nowMs = this.#clock.now()
    for (const [id, old] of this.#plans) if (old.expiresAtMs < nowMs) this.#plans.delete(id)
    if (this.#plans.size >= PLANS_MAX) this.#plans.delete(this.#plans.keys().next().value!)
    this.#plans.set(plan.id, plan)
    return plan
  }

  get(id: string): MovePlan {
    const plan = this.#plans.get(id)
    if (plan === undefined) {
      throw new Refusal(404, 'UNKNOWN_PLAN', 'this plan is not here any more: it expired, or the console was started again; make it anew')
    }
    return plan
  }
}
