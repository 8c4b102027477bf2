export class GroupCommit {
  #files
  #syncNames
  #next
  #busy = false
  #failure
  constructor(files, syncNames) {
    this.#files = files
    this.#syncNames = syncNames
  }
  write(write) {
    if (this.#failure !== undefined) throw this.#failure.cause
    if (this.#next === undefined) {
      this.#next = { writes: [], done: Promise.withResolvers() }
      // Whoever does not wait for it sees the failure at the next write.
      this.#next.done.promise.catch(() => {})
    }
    this.#next.writes.push(write)
    const { promise } = this.#next.done
    if (!this.#busy) void this.#pump()
    return promise
  }
  async #pump() {
    this.#busy = true
    while (this.#next !== undefined) {
      const { writes, done } = this.#next
      this.#next = undefined
      try {
        if (this.#failure !== undefined) throw this.#failure.cause
        await this.#commit(writes)
        done.resolve()
      } catch (cause) {
        this.#failure ??= { cause }
        done.reject(cause)
      }
    }
    this.#busy = false
  }
  async #commit(writes) {
    for (let i = 0; i < writes.length; ) {
      const { path, position } = writes[i]
      const chunks = []
      while (writes[i]?.path === path) chunks.push(writes[i++].batch)
      await this.#files.use(path, 'create', (file) => file.write(chunks, position, 'background'))
      await this.#files.use(path, 'create', (file) => file.sync())
    }
    await this.#syncNames()
  }
}
