/**
 * How a figure went, in bounded memory: when it is full, every second point is dropped and half as many are taken from
 * then on, so that the points always reach back to the first.
 */
export class Trend {
  readonly #max: number
  readonly #points: { readonly atMs: number; readonly value: number }[] = []
  #stride = 1
  #skipped = 0

  constructor(max: number) {
    this.#max = max
  }

  add(atMs: number, value: number): void {
    if (this.#points.length > 0 && ++this.#skipped < this.#stride) return
    this.#skipped = 0
    this.#points.push({ atMs, value })
    if (this.#points.length < this.#max) return
    for (let i = 0; i < this.#points.length / 2; i++) this.#points[i] = this.#points[i * 2]!
    this.#points.length = Math.ceil(this.#points.length / 2)
    this.#stride *= 2
  }

  points(): readonly { readonly atMs: number; readonly value: number }[] {
    return this.#points
  }
}

/** At most `max` of them, evenly, the last one among them: what a small drawing can show. */
export function thinned(values: readonly number[], max: number): readonly number[] {
  if (values.length <= max) return values
  return Array.from({ length: max }, (_, i) => values[Math.round((i * (values.length - 1)) / (max - 1))]!)
}
