/** What of the list of groups one browser has not seen yet: ten thousand rows that stand still cost nothing. */
import type { GroupLag, Measured } from '@tidemark/offsets'
import type { GroupRow, LiveEvent } from '../shapes.ts'
import { rowOf } from './rows.ts'

export class ListChanges {
  readonly #sent = new Map<string, string>()
  #isFirst = true

  next(sample: ReadonlyMap<string, GroupLag>, trendOf: (group: string) => readonly number[], atMs: number): LiveEvent {
    const whole = this.#isFirst
    this.#isFirst = false
    const rows: GroupRow[] = []
    for (const lag of sample.values()) {
      const row = rowOf(lag, trendOf(lag.group))
      const seen = fingerprint(row)
      if (this.#sent.get(row.group) === seen) continue
      this.#sent.set(row.group, seen)
      rows.push(row)
    }
    const gone = [...this.#sent.keys()].filter((group) => !sample.has(group))
    for (const group of gone) this.#sent.delete(group)
    return { kind: 'groups', whole, rows, gone, atMs }
  }
}

/** What a reader of the row would see change: durations to two digits, and not the trend, which moves with the rest. */
const fingerprint = (row: GroupRow): string =>
  [
    row.state,
    row.members,
    row.partitions,
    row.lag,
    row.open,
    row.unreadable,
    rough(row.ageMs),
    rough(row.etaMs),
    rough(row.runwayMs),
  ].join()

const rough = (measured: Measured | null): string => measured?.value.toPrecision(2) ?? ''
