/** Ids in the memory of this process: what comes twice within one process and `idsMax` ids is seen. */
import { type Clock, checkOptions, countOption, nodeClock } from '@tidemark/platform'
import type { IdState, IdStore } from './idempotent.ts'

export interface MemoryIdsOptions {
  /** Ids that are remembered; above, the oldest that is done is forgotten. Default: 100,000. */
  readonly idsMax?: number
}

interface Known {
  readonly token: string
  readonly isDone: boolean
  readonly untilMs: number
}

export class MemoryIds implements IdStore {
  readonly #idsMax: number
  readonly #clock: Clock
  /** In the order of their last change. */
  readonly #ids = new Map<string, Known>()

  constructor(idsMax: number, clock: Clock) {
    this.#idsMax = idsMax
    this.#clock = clock
  }

  async begin(id: string, token: string, leaseMs: number): Promise<IdState> {
    const nowMs = this.#clock.monotonic()
    const known = this.#ids.get(id)
    if (known !== undefined && known.untilMs > nowMs && known.token !== token) {
      return known.isDone ? { kind: 'done' } : { kind: 'in progress', leftMs: known.untilMs - nowMs }
    }
    this.#put(id, { token, isDone: false, untilMs: nowMs + leaseMs })
    this.#shrink(nowMs)
    return { kind: 'new' }
  }

  async renew(id: string, token: string, leaseMs: number): Promise<boolean> {
    return this.#change(id, token, { token, isDone: false, untilMs: this.#clock.monotonic() + leaseMs })
  }

  async finish(id: string, token: string, ttlMs: number): Promise<boolean> {
    return this.#change(id, token, { token, isDone: true, untilMs: this.#clock.monotonic() + ttlMs })
  }

  async forget(id: string, token: string): Promise<void> {
    if (this.#ids.get(id)?.token === token) this.#ids.delete(id)
  }

  #change(id: string, token: string, to: Known): boolean {
    if (this.#ids.get(id)?.token !== token) return false
    this.#put(id, to)
    return true
  }

  #put(id: string, known: Known): void {
    this.#ids.delete(id)
    this.#ids.set(id, known)
  }

  /** Ids whose time is over, at the old end; then those that are done. What is in progress stays. */
  #shrink(nowMs: number): void {
    for (const [id, known] of this.#ids) {
      const isOver = known.untilMs <= nowMs
      if (!isOver && this.#ids.size <= this.#idsMax) return
      if (isOver || known.isDone) this.#ids.delete(id)
    }
  }
}

/** Throws `TidemarkError` INVALID_OPTION. */
export function memoryIds(options: MemoryIdsOptions = {}): IdStore {
  checkOptions<MemoryIdsOptions>('memoryIds()', options, { idsMax: true })
  return new MemoryIds(countOption('idsMax', options.idsMax ?? 100_000), nodeClock)
}
