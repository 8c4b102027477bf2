/** The 20,000 flights that come with the package, repeated, each with a row number of its own. */
import { readFileSync } from 'node:fs'
import { gunzipSync } from 'node:zlib'

export interface Flight {
  readonly row: number
  readonly date: string
  /** Minutes; below zero: early. */
  readonly delay: number
  readonly origin: string
  readonly destination: string
}

export function loadFlights(times: number): Flight[] {
  const packed = readFileSync(new URL('../data/flights-20k.json.gz', import.meta.url))
  const flights = JSON.parse(gunzipSync(packed).toString()) as Omit<Flight, 'row'>[]
  const out: Flight[] = []
  for (let round = 0; round < times; round++) {
    for (const flight of flights) out.push({ row: out.length, ...flight })
  }
  return out
}

export interface Delays {
  flights: number
  delayMinutes: number
}

/** The expected table, computed from the file alone. */
export function delaysOf(flights: readonly Flight[]): Map<string, Delays> {
  const out = new Map<string, Delays>()
  for (const { origin, delay } of flights) {
    const entry = out.get(origin) ?? { flights: 0, delayMinutes: 0 }
    entry.flights++
    entry.delayMinutes += delay
    out.set(origin, entry)
  }
  return out
}
