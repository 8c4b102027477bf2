/** What was measured: samples by row and rival, in the order in which they came. */
import { median } from './measure.ts'

export interface Sample {
  readonly value: number
  /** CPU seconds of the measured process for one unit of work: a GB, or a million records. */
  readonly cpu?: number
}

export class Samples {
  readonly #byRow = new Map<string, Map<string, Sample[]>>()

  add(row: string, rival: string, value: number | undefined, cpu?: number): void {
    if (value === undefined || !Number.isFinite(value)) throw new Error(`${row}, ${rival}: no figure was measured`)
    const rivals = this.#byRow.get(row) ?? new Map<string, Sample[]>()
    this.#byRow.set(row, rivals)
    const samples = rivals.get(rival) ?? []
    rivals.set(rival, samples)
    samples.push(cpu === undefined ? { value } : { value, cpu })
  }

  rows(): string[] {
    return [...this.#byRow.keys()]
  }

  rivals(row: string): string[] {
    return [...(this.#byRow.get(row)?.keys() ?? [])]
  }

  all(row: string, rival: string): readonly Sample[] {
    return this.#byRow.get(row)?.get(rival) ?? []
  }

  /** The medians of a rival's figures in a row; undefined where it has none. */
  of(row: string, rival: string): Sample | undefined {
    const samples = this.all(row, rival)
    if (samples.length === 0) return undefined
    const cpu = samples.flatMap((s) => (s.cpu === undefined ? [] : [s.cpu]))
    const value = median(samples.map((s) => s.value))
    return cpu.length === 0 ? { value } : { value, cpu: median(cpu) }
  }
}
