import { seal, unseal } from './sealed.js'
export class SmallFiles {
  #disk
  /** Writes of one file follow each other. */
  #writing = new Map()
  constructor(disk) {
    this.#disk = disk
  }
  /** Undefined: there is none, or it is damaged. */
  read(path) {
    const bytes = this.#disk.readFile(path)
    return bytes && unseal(bytes)
  }
  write(path, payload) {
    const bytes = seal(payload)
    const before = this.#writing.get(path) ?? Promise.resolve()
    const writing = before.catch(() => {}).then(() => this.#replace(path, bytes))
    this.#writing.set(path, writing)
    const end = () => {
      if (this.#writing.get(path) === writing) this.#writing.delete(path)
    }
    writing.then(end, end)
    return writing
  }
  async #replace(path, bytes) {
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
  async idle() {
    while (this.#writing.size > 0) await Promise.allSettled(this.#writing.values())
  }
}
