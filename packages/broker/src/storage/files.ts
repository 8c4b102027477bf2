/**
 * The open files: opened when they are needed, closed when there are too many, never while an operation on them is
 * under way.
 */
import { type Disk, DiskError, type File, type Now } from '@tidemark/platform'
import { asDamage } from '../damage.ts'
import { after, attempt, isLater } from '../now.ts'

interface Opened {
  file: Now<File>
  users: number
  /** Closed as soon as nothing is under way on it. */
  doomed: boolean
  /** A count that grows with each use: the smallest one was unused longest. */
  used: number
}

export class Files {
  readonly #disk: Disk
  readonly #openMax: number
  readonly #open = new Map<string, Opened>()
  #uses = 0
  #over = false

  constructor(disk: Disk, openMax: number) {
    this.#disk = disk
    this.#openMax = Math.max(1, openMax)
  }

  get count(): number {
    return this.#open.size
  }

  /** Acts on the file, which stays open until the act is finished. Throws `DiskError` after `end`. */
  use<T>(path: string, mode: 'write' | 'create', act: (file: File) => Now<T>): Now<T> {
    if (this.#over) throw new DiskError('open', path, Object.assign(new Error('the broker is closed'), { code: 'EBADF' }))
    const opened = this.#open.get(path) ?? this.#opened(path, mode)
    opened.used = ++this.#uses
    opened.users++
    let result: Now<T>
    try {
      result = after(opened.file, act)
    } catch (error) {
      this.#used(opened)
      throw error
    }
    if (isLater(result)) return result.finally(() => this.#used(opened))
    this.#used(opened)
    return result
  }

  #used(opened: Opened): void {
    opened.users--
    if (opened.doomed && opened.users === 0) void after(opened.file, (file) => file.close())
  }

  #opened(path: string, mode: 'write' | 'create'): Opened {
    const file = attempt(
      () => this.#disk.open(path, mode),
      (cause) => {
        throw asDamage(cause)
      },
    )
    const opened: Opened = { file, users: 0, doomed: false, used: 0 }
    this.#open.set(path, opened)
    if (isLater(opened.file)) {
      opened.file.then(
        (file) => {
          opened.file = file
        },
        () => this.#open.delete(path),
      )
    }
    if (this.#open.size > this.#openMax) this.#closeOne()
    return opened
  }

  #closeOne(): void {
    let oldest: [string, Opened] | undefined
    for (const entry of this.#open) {
      const idle = entry[1].users === 0 && entry[1].used > 0 && !isLater(entry[1].file)
      if (idle && (oldest === undefined || entry[1].used < oldest[1].used)) oldest = entry
    }
    if (oldest !== undefined) this.close(oldest[0])
  }

  /** Closes the file if it is open, once nothing is under way on it. */
  close(path: string): void {
    const opened = this.#open.get(path)
    if (opened === undefined) return
    this.#open.delete(path)
    opened.doomed = true
    if (opened.users === 0) void after(opened.file, (file) => file.close())
  }

  /** Closes all files, and opens none any more. */
  end(): void {
    this.#over = true
    for (const path of [...this.#open.keys()]) this.close(path)
  }
}
