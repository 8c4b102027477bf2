/** Compares the consumers' table with one that is computed from the file alone, airport by airport. */
import { type Delays, delaysOf, type Flight } from './flights.ts'
import type { DelayTable } from './table.ts'

export interface Verdict {
  readonly airports: number
  readonly lost: number
  readonly countedTwice: number
  /** The first airports that differ, in words. */
  readonly differences: readonly string[]
}

const DIFFERENCES_SHOWN = 5

export function judge(flights: readonly Flight[], table: DelayTable): Verdict {
  const wanted = delaysOf(flights)
  const found = table.delays()
  const differences: string[] = []
  let countedTwice = 0
  for (const airport of new Set([...wanted.keys(), ...found.keys()])) {
    const want = wanted.get(airport) ?? NOTHING
    const have = found.get(airport) ?? NOTHING
    countedTwice += Math.max(0, have.flights - want.flights)
    if (want.flights !== have.flights || want.delayMinutes !== have.delayMinutes) {
      differences.push(
        `${airport}: ${have.flights} flights and ${have.delayMinutes} minutes, expected ${want.flights} and ${want.delayMinutes}`,
      )
    }
  }
  const lost = flights.length - table.rowsSeen()
  return { airports: wanted.size, lost, countedTwice, differences: differences.slice(0, DIFFERENCES_SHOWN) }
}

const NOTHING: Delays = { flights: 0, delayMinutes: 0 }
