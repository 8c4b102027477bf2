/** Whether a consumer that has work makes progress, partition by partition. Pure: the time is an argument. */
import type { Progress } from '../explain.ts'

interface Seen {
  readonly signature: string
  readonly sinceMs: number
}

export class ProgressWatch {
  readonly #stuckAfterMs: number
  #seen = new Map<string, Seen>()

  constructor(stuckAfterMs: number) {
    this.#stuckAfterMs = stuckAfterMs
  }

  /** Returns the partitions that have had work, and made no progress, for `stuckAfterMs`. */
  observe(nowMs: number, partitions: readonly Progress[]): readonly Progress[] {
    const seen = new Map<string, Seen>()
    const stuck: Progress[] = []
    for (const p of partitions.filter(hasWork)) {
      const key = `${p.topic}\n${p.partition}`
      const signature = `${p.position} ${p.committable} ${p.committed} ${p.doneAhead}`
      const known = this.#seen.get(key)
      const now = known?.signature === signature ? known : { signature, sinceMs: nowMs }
      seen.set(key, now)
      if (nowMs - now.sinceMs >= this.#stuckAfterMs) stuck.push(p)
    }
    this.#seen = seen
    return stuck
  }
}

/** What a user has paused, and what waits for nobody, is at rest. */
const hasWork = (p: Progress): boolean => !p.paused && (p.waiting > 0 || p.running > 0 || p.committable < p.position || isUncommitted(p))

const isUncommitted = ({ committed, committable }: Progress): boolean => committed !== undefined && committed < committable
