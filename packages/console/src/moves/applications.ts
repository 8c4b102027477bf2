/** Plans that are being applied, which may wait for minutes until a group is empty, and how the last ones ended. */
import type { MovePlan } from '@tidemark/offsets'
import type { Clock } from '@tidemark/platform'
import type { ApplyWish, ConsoleData } from '../data.ts'
import { answerTo, INTERNAL, Refusal } from '../guard/refusal.ts'
import type { Application } from '../shapes.ts'

const APPLICATIONS_MAX = 100
const RUNNING_MAX = 16

interface Running {
  state: Application
  readonly cancel: AbortController
}

export class Applications {
  readonly #data: ConsoleData
  readonly #clock: Clock
  readonly #onBug: (error: unknown) => void
  readonly #all = new Map<string, Running>()
  #begun = 0

  constructor(data: ConsoleData, clock: Clock, onBug: (error: unknown) => void) {
    this.#data = data
    this.#clock = clock
    this.#onBug = onBug
  }

  begin(plan: MovePlan, wish: ApplyWish): Application {
    this.#makeRoom()
    const id = String(++this.#begun)
    const cancel = new AbortController()
    const state: Application = {
      id,
      planId: plan.id,
      group: plan.group,
      state: 'running',
      step: null,
      startedMs: this.#clock.now(),
      record: null,
      error: null,
    }
    const running: Running = { state, cancel }
    this.#all.set(id, running)
    void this.#run(plan, wish, running)
    return state
  }

  get(id: string): Application {
    return this.#find(id).state
  }

  /** While it waits nothing has changed; once offsets are being written it goes on to its end. */
  cancel(id: string): Application {
    const running = this.#find(id)
    if (running.state.step === null) running.cancel.abort()
    return running.state
  }

  close(): void {
    for (const { cancel } of this.#all.values()) cancel.abort()
  }

  #find(id: string): Running {
    const running = this.#all.get(id)
    if (running === undefined) throw new Refusal(404, 'UNKNOWN_APPLICATION', 'this application of a plan is not known here')
    return running
  }

  async #run(plan: MovePlan, wish: ApplyWish, running: Running): Promise<void> {
    const update = (change: Partial<Application>): void => {
      running.state = { ...running.state, ...change }
    }
    try {
      const record = await this.#data.apply(plan, wish, { signal: running.cancel.signal }, (step) => update({ step }))
      update({ state: 'done', record })
    } catch (error) {
      const answer = answerTo(error)
      if (answer === undefined) this.#onBug(error)
      update({ state: 'failed', error: answer?.body ?? INTERNAL })
    }
  }

  #makeRoom(): void {
    const running = [...this.#all.values()].filter((it) => it.state.state === 'running')
    if (running.length >= RUNNING_MAX) {
      throw new Refusal(503, 'TOO_MANY_APPLICATIONS', `${RUNNING_MAX} plans are being applied already; wait for one, or cancel it`)
    }
    for (const [id, it] of this.#all) {
      if (this.#all.size < APPLICATIONS_MAX) return
      if (it.state.state !== 'running') this.#all.delete(id)
    }
  }
}
