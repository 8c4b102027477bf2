export class Flusher {
  #clock
  #intervalMs
  #onFailure
  #dirty = new Set()
  #timer
  constructor(clock, intervalMs, onFailure) {
    this.#clock = clock
    this.#intervalMs = intervalMs
    this.#onFailure = onFailure
  }
  wrote(log) {
    if (this.#dirty.has(log)) return
    this.#dirty.add(log)
    this.#timer ??= this.#clock.schedule(this.#intervalMs, () => {
      this.#timer = undefined
      this.flush().catch(this.#onFailure)
    })
  }
  async flush() {
    const dirty = this.#dirty
    this.#dirty = new Set()
    await Promise.all([...dirty].map((log) => log.sync()))
  }
  stop() {
    this.#timer?.cancel()
    this.#timer = undefined
  }
}
