/**
 * How fast something went in the last seconds: Kafka's `Rate` over `quota.window.num` samples of
 * `quota.window.size.seconds`, and for how long a client has to wait so that it falls to its quota
 * (`QuotaUtils.throttleTime`).
 */
const SAMPLES = 11
const SAMPLE_MS = 1000

export class Rate {
  readonly #samples: { readonly beganMs: number; amount: number }[] = []

  add(amount: number, nowMs: number): void {
    const last = this.#samples.at(-1)
    if (last !== undefined && nowMs - last.beganMs < SAMPLE_MS) last.amount += amount
    else this.#samples.push({ beganMs: nowMs, amount })
    if (this.#samples.length > SAMPLES) this.#samples.shift()
  }

  /** Milliseconds until the rate falls to `limit` a second if nothing is added; 0: it is not above it. */
  throttleMs(limit: number, nowMs: number): number {
    while (this.#samples.length > 0 && nowMs - this.#samples[0]!.beganMs >= SAMPLES * SAMPLE_MS) this.#samples.shift()
    if (this.#samples.length === 0) return 0
    const amount = this.#samples.reduce((sum, sample) => sum + sample.amount, 0)
    // A young rate counts as if it had been quiet before: a single burst is not taken for a rate.
    const elapsedMs = Math.max(nowMs - this.#samples[0]!.beganMs, (SAMPLES - 1) * SAMPLE_MS)
    const observed = (amount / elapsedMs) * 1000
    return observed <= limit ? 0 : Math.round(((observed - limit) / limit) * elapsedMs)
  }
}
