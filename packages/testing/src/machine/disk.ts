/**
 * The simulated disk: what a crash of the process keeps, and what a crash of the machine loses.
 *
 * Every file has the bytes that processes see (the page cache) and those that were synced. When the machine crashes,
 * what was written since the last sync is lost from some write on, and the write in which the loss begins is torn at
 * some byte, sometimes with garbage behind the tear where the file grew: bytes that are written again as they are are
 * never worse for it (SQLite's "powersafe overwrite"). Names behave likewise: what was created, renamed or removed
 * since the last sync of its folder may be undone, newest first.
 *
 * Calls finish in the call or later, by chance. Any of them fails when `fault` says so; a write that fails may have
 * written a part. A sync that fails does as Linux does: some of what it should have written is not on the disk and
 * never will be, processes see it all the same, and the next sync has nothing to do. What they see may be read anew
 * from the disk at any time (`dropCaches`).
 */
import { type Disk, DiskError, type File, type Lock, type Now } from '@tidemark/platform'
import type { Process } from './process.ts'
import type { SeededRandom } from './random.ts'

export type DiskOperation =
  | 'open'
  | 'create'
  | 'read'
  | 'write'
  | 'truncate'
  | 'sync'
  | 'syncFolder'
  | 'rename'
  | 'unlink'
  | 'list'
  | 'makeFolder'
  | 'removeFolder'

type Check = (operation: DiskOperation, path: string) => void

/** `order` counts up over the whole disk: a sync covers what has a smaller one than the moment of its call. */
type Change =
  | { readonly order: number; readonly kind: 'write'; readonly at: number; readonly bytes: Buffer }
  | { readonly order: number; readonly kind: 'truncate'; readonly size: number }

interface Inode {
  synced: Buffer
  /** What happened since the last sync, in order. */
  changes: Change[]
  /** What processes see. Longer than the file: room to grow. */
  seen: Buffer
  size: number
}

interface NameChange {
  readonly order: number
  readonly folder: string
  undo(): void
}

export class SimulatedDisk {
  readonly #random: SeededRandom
  readonly #names = new Map<string, Inode>()
  readonly #locks = new Map<string, Process>()
  #nameChanges: NameChange[] = []
  #order = 0
  /** Set to make calls fail: returns the error code for an operation, or undefined. */
  fault: ((operation: DiskOperation, path: string) => string | undefined) | undefined
  /** The disk says that it synced, and did not. */
  lies = false

  constructor(random: SeededRandom) {
    this.#random = random
  }

  nextOrder(): number {
    return this.#order++
  }

  /** All paths and the bytes that processes see in them. */
  contents(): Map<string, Buffer> {
    return new Map([...this.#names].map(([path, inode]) => [path, inode.seen.subarray(0, inode.size)]))
  }

  /** A disk with the same contents, everything synced. */
  clone(random: SeededRandom): SimulatedDisk {
    const copy = new SimulatedDisk(random)
    for (const [path, bytes] of this.contents()) copy.put(path, bytes)
    return copy
  }

  /** A file with these bytes, synced. */
  put(path: string, bytes: Buffer): void {
    this.#names.set(path, { synced: Buffer.from(bytes), changes: [], seen: Buffer.from(bytes), size: bytes.length })
  }

  remove(path: string): void {
    this.#names.delete(path)
  }

  /** The machine loses power: only what was synced is sure to be there afterwards. */
  losePower(): void {
    const random = this.#random
    const kept = random.below(this.#nameChanges.length + 1)
    for (const change of this.#nameChanges.splice(kept).reverse()) change.undo()
    this.#nameChanges = []
    for (const inode of this.#names.values()) this.#tear(inode)
    this.#locks.clear()
  }

  /** What is on the disk is what processes see from now on, and what they wrote since. */
  dropCaches(): void {
    for (const inode of this.#names.values()) {
      let bytes: Buffer = inode.synced
      for (const change of inode.changes) bytes = applied(bytes, change)
      inode.seen = Buffer.from(bytes)
      inode.size = bytes.length
    }
  }

  #tear(inode: Inode): void {
    const random = this.#random
    let bytes = inode.synced
    const kept = random.below(inode.changes.length + 1)
    inode.changes.forEach((change, i) => {
      if (i < kept) bytes = applied(bytes, change)
      else if (i === kept && change.kind === 'write') {
        const part = Buffer.from(change.bytes.subarray(0, random.below(change.bytes.length + 1)))
        if (random.chance(0.3)) part.fill(0xa5, Math.max(random.below(part.length + 1), Math.min(part.length, bytes.length - change.at)))
        bytes = applied(bytes, { ...change, bytes: part })
      }
    })
    inode.synced = Buffer.from(bytes)
    inode.seen = Buffer.from(bytes)
    inode.size = bytes.length
    inode.changes = []
  }

  mounted(process: Process): Disk {
    const check: Check = (operation, path) => {
      const code = this.fault?.(operation, path)
      if (code !== undefined) throw new DiskError(operation, path, Object.assign(new Error(code), { code }))
    }
    const need = (operation: string, path: string): Inode => {
      const inode = this.#names.get(path)
      if (inode === undefined) throw new DiskError(operation, path, Object.assign(new Error('no such file'), { code: 'ENOENT' }))
      return inode
    }
    return {
      open: (path, mode): File => {
        const isNew = mode === 'create' && !this.#names.has(path)
        check(isNew ? 'create' : 'open', path)
        if (isNew) this.#create(path)
        return new SimulatedFile(path, need('open', path), process, this.#random, check, this)
      },
      exists: (path) => this.#names.has(path) || [...this.#names.keys()].some((p) => p.startsWith(`${path}/`)),
      readFile: (path) => {
        check('read', path)
        const inode = this.#names.get(path)
        return inode && Buffer.from(inode.seen.subarray(0, inode.size))
      },
      list: (path) => {
        check('list', path)
        const names = new Set<string>()
        for (const p of this.#names.keys()) if (p.startsWith(`${path}/`)) names.add(p.slice(path.length + 1).split('/')[0]!)
        return [...names]
      },
      makeFolder: (path) => check('makeFolder', path),
      rename: (from, to) => {
        check('rename', from)
        this.#rename(from, to, need('rename', from))
      },
      unlink: (path) => {
        check('unlink', path)
        this.#unlink(path, need('unlink', path))
      },
      removeFolder: (path) => {
        check('removeFolder', path)
        for (const [p, inode] of [...this.#names]) if (p.startsWith(`${path}/`)) this.#unlink(p, inode)
      },
      syncFolder: (path) => {
        const called = this.nextOrder()
        return this.#later(process, () => {
          check('syncFolder', path)
          if (!this.lies) this.#nameChanges = this.#nameChanges.filter((c) => c.folder !== path || c.order > called)
        })
      },
      lock: (path) => this.#lock(path, process),
    }
  }

  #create(path: string): void {
    this.#names.set(path, { synced: Buffer.alloc(0), changes: [], seen: Buffer.alloc(64), size: 0 })
    this.#nameChanges.push({ order: this.nextOrder(), folder: folderOf(path), undo: () => this.#names.delete(path) })
  }

  #rename(from: string, to: string, inode: Inode): void {
    const replaced = this.#names.get(to)
    this.#names.delete(from)
    this.#names.set(to, inode)
    const undo = (): void => {
      this.#names.set(from, inode)
      if (replaced === undefined) this.#names.delete(to)
      else this.#names.set(to, replaced)
    }
    this.#nameChanges.push({ order: this.nextOrder(), folder: folderOf(to), undo })
  }

  #unlink(path: string, inode: Inode): void {
    this.#names.delete(path)
    this.#nameChanges.push({ order: this.nextOrder(), folder: folderOf(path), undo: () => this.#names.set(path, inode) })
  }

  #lock(path: string, process: Process): Lock | undefined {
    const holder = this.#locks.get(path)
    if (holder?.alive) return undefined
    this.#locks.set(path, process)
    return {
      release: () => {
        if (this.#locks.get(path) === process) this.#locks.delete(path)
      },
    }
  }

  #later(process: Process, act: () => void): Promise<void> {
    return new Promise((resolve, reject) => {
      process.later(this.#random.between(0.1, 8), () => {
        try {
          act()
          resolve()
        } catch (error) {
          reject(error)
        }
      })
    })
  }
}

const folderOf = (path: string): string => path.slice(0, path.lastIndexOf('/'))

function applied(bytes: Buffer, change: Change): Buffer {
  if (change.kind === 'truncate') return bytes.subarray(0, change.size)
  const out = Buffer.alloc(Math.max(bytes.length, change.at + change.bytes.length))
  bytes.copy(out)
  change.bytes.copy(out, change.at)
  return out
}

class SimulatedFile implements File {
  readonly path: string
  readonly #inode: Inode
  readonly #process: Process
  readonly #random: SeededRandom
  readonly #check: Check
  readonly #disk: SimulatedDisk

  constructor(path: string, inode: Inode, process: Process, random: SeededRandom, check: Check, disk: SimulatedDisk) {
    this.#disk = disk
    this.path = path
    this.#inode = inode
    this.#process = process
    this.#random = random
    this.#check = check
  }

  write(chunks: readonly Uint8Array[], position: number, how: 'within' | 'background'): Now<void> {
    if (how === 'within' && this.#random.chance(0.8)) return this.#write(chunks, position)
    return this.#later(0.05, 4, () => this.#write(chunks, position))
  }

  #write(chunks: readonly Uint8Array[], position: number): void {
    const bytes = Buffer.concat(chunks)
    try {
      this.#check('write', this.path)
    } catch (error) {
      this.#put(bytes.subarray(0, this.#random.below(bytes.length + 1)), position)
      throw error
    }
    this.#put(bytes, position)
  }

  #put(bytes: Buffer, position: number): void {
    const inode = this.#inode
    const end = position + bytes.length
    if (end > inode.seen.length) {
      const bigger = Buffer.alloc(Math.max(end, inode.seen.length * 2))
      inode.seen.copy(bigger, 0, 0, inode.size)
      inode.seen = bigger
    }
    if (position > inode.size) inode.seen.fill(0, inode.size, position)
    bytes.copy(inode.seen, position)
    inode.size = Math.max(inode.size, end)
    inode.changes.push({ order: this.#disk.nextOrder(), kind: 'write', at: position, bytes })
  }

  read(position: number, length: number, into?: Buffer): Now<Buffer> {
    const read = (): Buffer => {
      this.#check('read', this.path)
      const { seen, size } = this.#inode
      const found = seen.subarray(Math.min(position, size), Math.min(position + length, size))
      return into === undefined ? Buffer.from(found) : into.subarray(0, found.copy(into))
    }
    return this.#random.chance(0.8) ? read() : this.#later(0.05, 3, read)
  }

  size(): number {
    return this.#inode.size
  }

  truncate(size: number): void {
    this.#check('truncate', this.path)
    this.#inode.size = Math.min(this.#inode.size, size)
    this.#inode.changes.push({ order: this.#disk.nextOrder(), kind: 'truncate', size })
  }

  sync(): Promise<void> {
    const called = this.#disk.nextOrder()
    return this.#later(0.1, 8, () => {
      const inode = this.#inode
      const tried = inode.changes.filter((change) => change.order < called)
      const settle = (changes: readonly Change[]): void => {
        for (const change of changes) inode.synced = Buffer.from(applied(inode.synced, change))
        inode.changes = inode.changes.filter((change) => change.order > called)
      }
      try {
        this.#check('sync', this.path)
      } catch (error) {
        // The file system's own journal keeps the size.
        settle(tried.filter((change) => change.kind === 'truncate' || this.#random.chance(0.5)))
        throw error
      }
      // What was written before the call survives from now on; what came since may or may not.
      if (!this.#disk.lies) settle(tried)
    })
  }

  close(): void {}

  #later<T>(from: number, to: number, act: () => T): Promise<T> {
    return new Promise((resolve, reject) => {
      this.#process.later(this.#random.between(from, to), () => {
        try {
          resolve(act())
        } catch (error) {
          reject(error)
        }
      })
    })
  }
}
