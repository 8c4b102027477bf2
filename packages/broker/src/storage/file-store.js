import { after } from '../now.js'
import { FileLog } from './file-log.js'
import { Files } from './files.js'
import { Flusher } from './flusher.js'
import { DataFolder } from './folder.js'
import { recover } from './recover.js'
import { Segment } from './segment.js'
import { SmallFiles } from './small-files.js'

/** Logs that are closed at once: as many syncs as the thread pool does beside each other. */
const CLOSED_TOGETHER = 16
export class FileStore {
  clusterId
  #folder
  #options
  #site
  #logs = new Map()
  /** Logs that were closed cleanly and not opened since. */
  #known
  constructor(folder, known, options) {
    const { disk, clock, fsync: policy, indexIntervalBytes, recoveryBytesMax } = options
    this.clusterId = folder.identity.clusterId
    this.#folder = folder
    this.#options = options
    this.#known = known
    this.#site = {
      disk,
      files: new Files(disk, options.openFilesMax),
      small: new SmallFiles(disk),
      policy,
      flusher: new Flusher(clock, options.fsyncIntervalMs, options.onFailure),
      indexIntervalBytes,
      recoveryBytesMax,
      onFailure: options.onFailure,
    }
  }
  static async open(options) {
    const folder = await DataFolder.open(options.path, options.disk, options.fresh)
    try {
      return new FileStore(folder, await folder.takeClean(options.fsync !== 'never'), options)
    } catch (error) {
      folder.release()
      throw error
    }
  }
  #path(name) {
    return `${this.#folder.path}/${name}`
  }
  open(name, limits, events) {
    const site = this.#site.policy === 'interval' && limits.syncsAlways === true ? { ...this.#site, policy: 'always' } : this.#site
    const folder = this.#path(name)
    const known = this.#known.get(name)
    const segments =
      known === undefined ? this.#recover(name, folder) : after(openKnown(folder, known, site), (it) => it ?? this.#recover(name, folder))
    return after(segments, (it) => {
      const log = new FileLog(folder, it, site, limits, events)
      this.#known.delete(name)
      this.#logs.set(name, log)
      return log
    })
  }
  #recover(name, folder) {
    return after(recover(folder, this.#site), ({ segments, bytesCut }) => {
      if (segments.length > 0) this.#options.onRecovered(name, segments.at(-1).loaded.nextOffset, bytesCut)
      return segments
    })
  }
  list(name) {
    return this.#options.disk.list(this.#path(name))
  }
  async remove(name) {
    const within = (other) => other === name || other.startsWith(`${name}/`)
    for (const [other, log] of this.#logs) {
      if (!within(other)) continue
      this.#logs.delete(other)
      await log.remove()
    }
    for (const other of [...this.#known.keys()]) if (within(other)) this.#known.delete(other)
    await this.#options.disk.removeFolder(this.#path(name))
  }
  readSmall(name, file) {
    return this.#site.small.read(`${this.#path(name)}/${file}`)
  }
  async writeSmall(name, file, bytes) {
    this.#options.disk.makeFolder(this.#path(name))
    await this.#site.small.write(`${this.#path(name)}/${file}`, bytes)
  }
  async close() {
    this.#site.flusher.stop()
    const logs = [...this.#logs]
    for (let i = 0; i < logs.length; i += CLOSED_TOGETHER) {
      await Promise.all(logs.slice(i, i + CLOSED_TOGETHER).map(([, log]) => log.finish()))
    }
    await this.#site.small.idle()
    const known = new Map(this.#known)
    for (const [name, log] of logs) known.set(name, log.facts())
    await this.#folder.writeClean(known)
    this.abandon()
  }
  abandon() {
    this.#site.flusher.stop()
    this.#site.files.closeAll()
    this.#folder.release()
  }
}
/** Undefined: the files are not as they were written down. */
function openKnown(folder, known, site) {
  const segments = known.map((it) => Segment.known(folder, it))
  const active = segments.at(-1)
  if (active === undefined) return []
  if (!site.disk.exists(active.path)) return undefined
  return after(
    site.files.use(active.path, 'write', (file) => file.size()),
    (size) =>
      size === active.bytes ? after(active.index(site), (index) => (index.bytes === active.bytes ? segments : undefined)) : undefined,
  )
}
