/**
 * A simulated process: the platform that the real code runs on, and its end.
 *
 * A crash drops every callback that the process still waits for; what it had promised never settles. A stopped
 * process (SIGSTOP) gets its callbacks when it goes on: late timers first, then the bytes that arrived meanwhile, as
 * in Node's event loop.
 */
import type { Clock, Platform, Random, Timer } from '@tidemark/platform'
import type { SimulatedDisk } from './disk.ts'
import type { Network } from './network.ts'
import type { SeededRandom } from './random.ts'
import { EPOCH_MS, type Scheduler } from './scheduler.ts'

type Phase = 'timers' | 'io'

export class Process {
  readonly name: string
  readonly platform: Platform
  readonly #scheduler: Scheduler
  readonly #onCrash: (() => void)[] = []
  #deferred: { phase: Phase; run: () => void }[] = []
  alive = true
  stopped = false
  /** How often it was stopped. */
  stops = 0
  /** Timers of the real code that are pending: a pending timer keeps a process alive. */
  timers = 0
  /** Connections of the real code that are open: they keep a process alive too. */
  connections = 0

  constructor(name: string, scheduler: Scheduler, network: Network, disk: SimulatedDisk, random: SeededRandom) {
    this.name = name
    this.#scheduler = scheduler
    const chance: Random = random.fork()
    this.platform = {
      clock: this.#clock(),
      random: chance,
      transport: network.transport(this),
      disk: disk.mounted(this),
    }
  }

  #clock(): Clock {
    return {
      now: () => EPOCH_MS + Math.floor(this.#scheduler.now),
      monotonic: () => this.#scheduler.now,
      schedule: (delayMs, call): Timer => this.#timer(delayMs, call),
      afterTurn: (call) => void this.later(0, call, 'io'),
    }
  }

  #timer(delayMs: number, call: () => void): Timer {
    let pending = true
    this.timers++
    const over = (): void => {
      if (pending) this.timers--
      pending = false
    }
    const timer = this.later(
      delayMs,
      () => {
        over()
        call()
      },
      'timers',
    )
    return {
      cancel: () => {
        over()
        timer.cancel()
      },
    }
  }

  /** An event of this process: not after its crash, and not while it is stopped. */
  later(delayMs: number, run: () => void, phase: Phase = 'io'): Timer {
    let cancelled = false
    const timer = this.#scheduler.later(delayMs, () => {
      if (!this.alive || cancelled) return
      if (this.stopped) this.#deferred.push({ phase, run: () => cancelled || run() })
      else run()
    })
    return {
      cancel: () => {
        cancelled = true
        timer.cancel()
      },
    }
  }

  /** What ends with the process: connections, listeners, locks. */
  onCrash(act: () => void): void {
    this.#onCrash.push(act)
  }

  crash(): void {
    if (!this.alive) return
    this.alive = false
    this.#deferred = []
    for (const act of this.#onCrash.splice(0)) act()
  }

  stop(): void {
    this.stopped = true
    this.stops++
  }

  resume(): void {
    this.stopped = false
    const deferred = this.#deferred.splice(0)
    for (const phase of ['timers', 'io'] as const) {
      for (const d of deferred) if (d.phase === phase) this.later(0, d.run, phase)
    }
  }
}
