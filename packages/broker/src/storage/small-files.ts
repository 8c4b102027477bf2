/**
 * Small files that are replaced whole and may be lost: no sync, but an envelope in which a torn file is recognized. An
 * empty folder in the place of one is removed once the file is written.
 */
import { type Disk, TidemarkError } from '@tidemark/platform'
import { isFolder } from '../damage.ts'
import { seal, unseal } from './sealed.ts'

export class SmallFiles {
  readonly #disk: Disk
  /** Writes of one file follow each other. */
  readonly #writing = new Map<string, Promise<void>>()
  readonly #onReplaced: (path: string) => void

  /** `onReplaced` is told of each folder that stood in the place of a file. */
  constructor(disk: Disk, onReplaced: (path: string) => void) {
    this.#disk = disk
    this.#onReplaced = onReplaced
  }

  /**
   * Undefined: the file does not exist, or is damaged. Throws LOG_DAMAGED where a folder that is not empty stands in
   * its place.
   */
  read(path: string): Buffer | undefined {
    try {
      const bytes = this.#disk.readFile(path)
      return bytes && unseal(bytes)
    } catch (cause) {
      if (!isFolder(cause)) throw cause
      this.#checkEmpty(path)
      this.#onReplaced(path)
      return undefined
    }
  }

  /** Nothing that somebody put there is removed. */
  #checkEmpty(path: string): void {
    if (this.#disk.list(path).length === 0) return
    const what = `${path} is a folder with something in it, and has to be a file that the broker writes`
    throw new TidemarkError('LOG_DAMAGED', `${what}: move the folder away, and start again; nothing is lost by that`)
  }

  write(path: string, payload: Uint8Array): Promise<void> {
    const bytes = seal(payload)
    const before = this.#writing.get(path) ?? Promise.resolve()
    // A failure of the previous write has reached its caller; this write replaces the whole file anyway.
    const writing = before.catch(() => {}).then(() => this.#replace(path, bytes))
    this.#writing.set(path, writing)
    const end = (): void => {
      if (this.#writing.get(path) === writing) this.#writing.delete(path)
    }
    writing.then(end, end)
    return writing
  }

  async #replace(path: string, bytes: Buffer): Promise<void> {
    const file = await this.#disk.open(`${path}.new`, 'create')
    try {
      await file.truncate(0)
      await file.write([bytes], 0, 'within')
    } finally {
      file.close()
    }
    try {
      this.#disk.rename(`${path}.new`, path)
    } catch (cause) {
      if (!isFolder(cause)) throw cause
      this.#checkEmpty(path)
      await this.#disk.removeFolder(path)
      this.#disk.rename(`${path}.new`, path)
    }
  }

  /** Resolves once nothing is being written. */
  async idle(): Promise<void> {
    while (this.#writing.size > 0) await Promise.allSettled(this.#writing.values())
  }
}
