/**
 * Writes that wait for one sync: those that came while the disk was busy are written and synced together, in their
 * order. A write is finished when a sync that began after it is.
 */
import type { Files } from './files.ts'

export interface QueuedWrite {
  readonly path: string
  readonly position: number
  readonly batch: Buffer
}

interface Group {
  readonly writes: QueuedWrite[]
  readonly done: PromiseWithResolvers<void>
}

export class GroupCommit {
  readonly #files: Files
  readonly #syncNames: () => Promise<unknown>
  #next: Group | undefined
  #busy = false
  #failure: { readonly cause: unknown } | undefined

  constructor(files: Files, syncNames: () => Promise<unknown>) {
    this.#files = files
    this.#syncNames = syncNames
  }

  write(write: QueuedWrite): Promise<void> {
    if (this.#failure !== undefined) throw this.#failure.cause
    if (this.#next === undefined) {
      this.#next = { writes: [], done: Promise.withResolvers() }
      // A caller that does not wait for it sees the failure at the next write.
      this.#next.done.promise.catch(() => {})
    }
    this.#next.writes.push(write)
    const { promise } = this.#next.done
    if (!this.#busy) void this.#pump()
    return promise
  }

  async #pump(): Promise<void> {
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

  async #commit(writes: readonly QueuedWrite[]): Promise<void> {
    const paths = new Set<string>()
    for (let i = 0; i < writes.length; ) {
      const { path, position } = writes[i]!
      const chunks: Buffer[] = []
      while (writes[i]?.path === path) chunks.push(writes[i++]!.batch)
      await this.#files.use(path, 'create', (file) => file.write(chunks, position, 'background'))
      paths.add(path)
    }
    const synced = Array.from(paths, (path) => this.#files.use(path, 'create', (file) => file.sync()))
    await Promise.all([...synced, this.#syncNames()])
  }
}
