/**
 * Small files that are replaced whole and may be lost: no sync, but an envelope in which a torn file is recognized.
 */
import type { Disk } from '@tidemark/platform'
import { seal, unseal } from './sealed.ts'

export class SmallFiles {
  readonly #disk: Disk
  /** Writes of one file follow each other. */
  readonly #writing = new Map<string, Promise<void>>()

  constructor(disk: Disk) {
    this.#disk = disk
  }

  /** Undefined: the file does not exist, or is damaged. */
  read(path: string): Buffer | undefined {
    const bytes = this.#disk.readFile(path)
    return bytes && unseal(bytes)
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
    this.#disk.rename(`${path}.new`, path)
  }

  /** Resolves once nothing is being written. */
  async idle(): Promise<void> {
    while (this.#writing.size > 0) await Promise.allSettled(this.#writing.values())
  }
}
