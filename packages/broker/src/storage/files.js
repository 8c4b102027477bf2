import { after, isLater } from '../now.js'
export class Files {
  #disk
  #openMax
  #open = new Map()
  #uses = 0
  constructor(disk, openMax) {
    this.#disk = disk
    this.#openMax = Math.max(1, openMax)
  }
  get count() {
    return this.#open.size
  }
  /** Acts on the file, which stays open until the act is finished. */
  use(path, mode, act) {
    const opened = this.#open.get(path) ?? this.#opened(path, mode)
    opened.used = ++this.#uses
    opened.users++
    let result
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
  #used(opened) {
    opened.users--
    if (opened.doomed && opened.users === 0) void after(opened.file, (file) => file.close())
  }
  #opened(path, mode) {
    const opened = { file: this.#disk.open(path, mode), users: 0, doomed: false, used: 0 }
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
  #closeOne() {
    let oldest
    for (const entry of this.#open) {
      const idle = entry[1].users === 0 && entry[1].used > 0 && !isLater(entry[1].file)
      if (idle && (oldest === undefined || entry[1].used < oldest[1].used)) oldest = entry
    }
    if (oldest !== undefined) this.close(oldest[0])
  }
  /** Closes the file if it is open, once nothing is under way on it. */
  close(path) {
    const opened = this.#open.get(path)
    if (opened === undefined) return
    this.#open.delete(path)
    opened.doomed = true
    if (opened.users === 0) void after(opened.file, (file) => file.close())
  }
  closeAll() {
    for (const path of [...this.#open.keys()]) this.close(path)
  }
}
