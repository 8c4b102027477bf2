/**
 * What a service did in one run, and whether that is right: nothing lost, in order, and repeated no more than what went
 * wrong explains.
 */
import type { ResolvedCrashTest } from './options.ts'

/** One record, as a handler gets it. */
export interface Handled {
  readonly partition: number
  readonly offset: number
  readonly key: string | undefined
}

export class Ledger {
  readonly #options: ResolvedCrashTest
  readonly #started = new Map<string, number>()
  readonly #finished = new Set<string>()
  readonly #lanes = new Map<string, number[]>()
  readonly #effects = new Map<string, number>()
  /** What was broken first. */
  violation: string | undefined

  constructor(options: ResolvedCrashTest) {
    this.#options = options
  }

  /** The records of one call: those of a batch begin together. */
  started(records: readonly Handled[]): void {
    for (const record of records) this.#begins(record, records[0]!.offset)
  }

  #begins(record: Handled, firstOffset: number): void {
    const id = idOf(record)
    this.#started.set(id, (this.#started.get(id) ?? 0) + 1)
    const lane = this.#laneOf(record)
    if (lane === undefined) return
    const offsets = this.#lanes.get(lane) ?? []
    this.#lanes.set(lane, offsets)
    if (!offsets.includes(record.offset)) offsets.push(record.offset)
    const open = offsets.find((offset) => offset < firstOffset && !this.#finished.has(idOf({ ...record, offset })))
    if (open !== undefined) this.#broken(`the record at ${id} begins before the one at ${idOf({ ...record, offset: open })} was handled`)
  }

  finished(record: Handled): void {
    this.#finished.add(idOf(record))
  }

  #laneOf({ partition, key }: Handled): string | undefined {
    if (this.#options.order === 'partition') return String(partition)
    return this.#options.order === 'key' && key !== undefined ? `${partition}/${key}` : undefined
  }

  happened(effect: string): void {
    const times = (this.#effects.get(effect) ?? 0) + 1
    this.#effects.set(effect, times)
    if (this.#options.once && times > 1) this.#broken(`the effect '${effect}' happened ${times} times`)
  }

  get effects(): ReadonlySet<string> {
    return new Set(this.#effects.keys())
  }

  get finishedCount(): number {
    return this.#finished.size
  }

  get repetitions(): number {
    let repetitions = 0
    for (const times of this.#started.values()) repetitions += times - 1
    return repetitions
  }

  /** At the end, with everything committed. `disturbances`: how often something went wrong. */
  judge(expected: ReadonlySet<string> | undefined, disturbances: number): void {
    const lost = [...(expected ?? [])].find((effect) => !this.#effects.has(effect))
    if (lost !== undefined) this.#broken(`the effect '${lost}' is lost: everything is committed, and it never happened`)
    const most = Math.max(0, ...this.#started.values())
    const [id] = [...this.#started].find(([, times]) => times === most) ?? []
    if (most > 1 + disturbances) this.#broken(`the record at ${id} was begun ${most} times, and only ${disturbances} things went wrong`)
  }

  #broken(what: string): void {
    this.violation ??= what
  }
}

const idOf = ({ partition, offset }: Handled): string => `${partition}:${offset}`
