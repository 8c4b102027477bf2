/**
 * Files over `node:fs`. Small reads and hot writes are done in the call: the page cache is memory (research: limits
 * of Node).
 */
import fs from 'node:fs'
import { dirname } from 'node:path'
import type { DatabaseSync } from 'node:sqlite'
import { promisify } from 'node:util'
import type { Disk, File, Lock, Now } from '../disk.ts'
import { DiskError } from '../error.ts'

const READ_WITHIN_BYTES_MAX = 64 * 1024
/** POSIX takes at most IOV_MAX buffers in one writev; Linux and macOS have 1024. */
const CHUNKS_MAX = 1024

const writev = promisify(fs.writev)
const read = promisify(fs.read)
const fdatasync = promisify(fs.fdatasync)

function attempt<T>(operation: string, path: string, act: () => T): T {
  try {
    return act()
  } catch (cause) {
    throw new DiskError(operation, path, cause)
  }
}

async function attemptLater<T>(operation: string, path: string, act: () => Promise<T>): Promise<T> {
  try {
    return await act()
  } catch (cause) {
    throw new DiskError(operation, path, cause)
  }
}

class NodeFile implements File {
  readonly path: string
  readonly #fd: number
  #closed = false

  constructor(path: string, fd: number) {
    this.path = path
    this.#fd = fd
  }

  write(chunks: readonly Uint8Array[], position: number, how: 'within' | 'background'): Now<void> {
    if (how === 'background') return this.#writeLater(chunks, position)
    attempt('write', this.path, () => {
      for (const chunk of chunks) {
        writeAllSync(this.#fd, chunk, position)
        position += chunk.length
      }
    })
  }

  #writeLater(chunks: readonly Uint8Array[], position: number): Promise<void> {
    return attemptLater('write', this.path, async () => {
      for (let i = 0; i < chunks.length; i += CHUNKS_MAX) {
        const some = chunks.slice(i, i + CHUNKS_MAX)
        const size = some.reduce((sum, chunk) => sum + chunk.length, 0)
        const { bytesWritten } = await writev(this.#fd, some, position)
        // A short write is rare (a disk that fills up): the rest is written, or fails, in the call.
        if (bytesWritten < size) writeAllSync(this.#fd, Buffer.concat(some).subarray(bytesWritten), position + bytesWritten)
        position += size
      }
    })
  }

  read(position: number, length: number, into?: Buffer): Now<Buffer> {
    const buffer = into?.subarray(0, length) ?? Buffer.allocUnsafe(length)
    if (length > READ_WITHIN_BYTES_MAX) return this.#readLater(buffer, position)
    return attempt('read', this.path, () => {
      let have = 0
      while (have < length) {
        const count = fs.readSync(this.#fd, buffer, have, length - have, position + have)
        if (count === 0) break
        have += count
      }
      return buffer.subarray(0, have)
    })
  }

  #readLater(buffer: Buffer, position: number): Promise<Buffer> {
    return attemptLater('read', this.path, async () => {
      let have = 0
      while (have < buffer.length) {
        const { bytesRead } = await read(this.#fd, buffer, have, buffer.length - have, position + have)
        if (bytesRead === 0) break
        have += bytesRead
      }
      return buffer.subarray(0, have)
    })
  }

  size(): number {
    return attempt('measure', this.path, () => fs.fstatSync(this.#fd).size)
  }

  truncate(size: number): void {
    attempt('truncate', this.path, () => fs.ftruncateSync(this.#fd, size))
  }

  sync(): Promise<void> {
    return attemptLater('sync', this.path, () => fdatasync(this.#fd))
  }

  close(): void {
    if (this.#closed) return
    this.#closed = true
    fs.closeSync(this.#fd)
  }
}

function writeAllSync(fd: number, chunk: Uint8Array, position: number): void {
  let done = 0
  while (done < chunk.length) done += fs.writeSync(fd, chunk, done, chunk.length - done, position + done)
}

const FLAGS = { read: 'r', write: 'r+', create: fs.constants.O_RDWR | fs.constants.O_CREAT } as const

/** Level by level: Node's own `recursive` never returns where nothing can be created in a folder, such as /proc. */
export function makeFolder(path: string, mode = 0o777): void {
  try {
    fs.mkdirSync(path, { mode })
  } catch (error) {
    if (fs.statSync(path, { throwIfNoEntry: false })?.isDirectory()) return
    const parent = dirname(path)
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT' || fs.existsSync(parent)) throw error
    makeFolder(parent, mode)
    makeFolder(path, mode)
  }
}

export const nodeDisk: Disk = {
  open(path, mode): File {
    return attempt('open', path, () => new NodeFile(path, fs.openSync(path, FLAGS[mode])))
  },

  exists: (path) => fs.existsSync(path),

  readFile(path): Buffer | undefined {
    return attempt('read', path, () => {
      try {
        return fs.readFileSync(path)
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
        throw error
      }
    })
  },

  list(path): readonly string[] {
    return attempt('list', path, () => {
      try {
        return fs.readdirSync(path)
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
        throw error
      }
    })
  },

  makeFolder(path): void {
    attempt('make the folder', path, () => makeFolder(path))
  },

  rename(from, to): void {
    attempt('rename', from, () => fs.renameSync(from, to))
  },

  unlink(path): void {
    attempt('remove', path, () => fs.unlinkSync(path))
  },

  removeFolder(path): Promise<void> {
    return attemptLater('remove', path, () => fs.promises.rm(path, { recursive: true, force: true, maxRetries: 3 }))
  },

  syncFolder(path): Promise<void> {
    return attemptLater('sync', path, async () => {
      // Windows cannot open a folder, and journals names by itself.
      if (process.platform === 'win32') return
      const handle = await fs.promises.open(path, 'r')
      try {
        await handle.sync()
      } finally {
        await handle.close()
      }
    })
  },

  lock,
}

/**
 * Node has no file locks of its own; SQLite has good ones, on every platform, which end with the process, and which
 * also see a second holder within the process. The file stays empty: a transaction that is never committed holds it.
 */
function lock(path: string): Lock | undefined {
  const { DatabaseSync } = loadSqlite()
  let database: DatabaseSync | undefined
  try {
    database = new DatabaseSync(path)
    database.exec('PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE')
  } catch (error) {
    database?.close()
    if (/locked|busy/i.test((error as Error).message)) return undefined
    throw new DiskError('lock', path, lockProblem(path, error as Error))
  }
  const held = database
  return { release: () => held.close() }
}

const SQLITE_NOTADB = 26

/** In the words of files: nobody who uses a lock knows of a database. */
function lockProblem(path: string, error: Error & { errcode?: number }): Error {
  const what = fs.statSync(path, { throwIfNoEntry: false })?.isDirectory()
    ? 'it is a folder, and has to be a file'
    : error.errcode === SQLITE_NOTADB
      ? 'it has to be empty, and another program wrote to it'
      : undefined
  if (what === undefined) return error
  return new Error(`${what}: if nothing else uses ${dirname(path)}, remove it`, { cause: error })
}

/**
 * Loaded at the first lock only, and without its warning that SQLite is new in Node: it is used for its locks alone.
 */
function loadSqlite(): typeof import('node:sqlite') {
  const emitWarning = process.emitWarning
  process.emitWarning = () => {}
  try {
    return process.getBuiltinModule('node:sqlite')
  } finally {
    process.emitWarning = emitWarning
  }
}
