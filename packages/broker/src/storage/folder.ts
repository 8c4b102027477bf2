/**
 * The data folder as a whole: who holds it, which format it has, and whether it was closed cleanly.
 *
 * ```
 * FORMAT   three lines of text: `tidemark 2` (the version), `cluster <32 hex digits>`, `node <number>`
 * lock     held by the process that uses the folder
 * clean    only while no broker runs: every log as it was closed. Removed before anything is written.
 * ```
 */
import { type Disk, DiskError, type Lock, replaceFile, TidemarkError, type TidemarkErrorCode } from '@tidemark/platform'
import { codecOf, fields, message, Reader, Writer } from '@tidemark/protocol'
import { isFolder } from '../damage.ts'
import { seal, unseal } from './sealed.ts'
import type { SegmentName } from './segment.ts'

const { array, int32, offset, string } = fields

/** 2: groups lie in the partition of `__consumer_offsets` where Kafka puts them. */
const FORMAT_VERSION = 2
const FORMAT = 'FORMAT'
const LOCK = 'lock'
const CLEAN = 'clean'
/** Names that a broker may leave in a folder before it has written FORMAT: the lock, and its database's journal. */
const OWN_NAMES = /^(lock(-journal|-wal|-shm)?|FORMAT\.new)$/

const CleanEnd = message(
  'CleanEnd',
  { versions: '0', flexible: '0+' },
  {
    logs: array({
      name: string(),
      segments: array({ baseOffset: offset(), bytes: offset(), generation: int32({ tag: 0, default: 0 }) }),
    }),
  },
)

export interface SegmentSize extends SegmentName {
  readonly bytes: number
}

/** By the name of the log. */
export type KnownLogs = Map<string, readonly SegmentSize[]>

export interface Identity {
  readonly clusterId: string
  readonly nodeId: number
}

export class DataFolder {
  readonly path: string
  readonly identity: Identity
  readonly #disk: Disk
  #lock: Lock | undefined

  private constructor(path: string, disk: Disk, lock: Lock, identity: Identity) {
    this.path = path
    this.identity = identity
    this.#disk = disk
    this.#lock = lock
  }

  /**
   * Makes the folder if it does not exist. Throws FOLDER_IN_USE, UNKNOWN_FORMAT or NOT_A_DATA_FOLDER; a refused
   * folder is left as it is.
   */
  static async open(path: string, disk: Disk, fresh: Identity): Promise<DataFolder> {
    identityOf(path, disk, fresh.nodeId)
    disk.makeFolder(path)
    const lock = disk.lock(`${path}/${LOCK}`)
    if (lock === undefined) {
      throw new TidemarkError('FOLDER_IN_USE', `another broker uses the folder ${path}: stop it, or choose another folder`)
    }
    try {
      return new DataFolder(path, disk, lock, await identify(path, disk, fresh))
    } catch (error) {
      lock.release()
      throw error
    }
  }

  /** What the last clean end wrote down; empty after a crash. From now on the folder counts as not closed. */
  async takeClean(syncs: boolean): Promise<KnownLogs> {
    const path = `${this.path}/${CLEAN}`
    const bytes = fileOf(this.#disk, path, 'LOG_DAMAGED', 'remove it, and start again: the logs are read as after a crash')
    if (bytes === undefined) return new Map()
    this.#disk.unlink(path)
    if (syncs) await this.#disk.syncFolder(this.path)
    const payload = unseal(bytes)
    if (payload === undefined) return new Map()
    const { logs } = codecOf(CleanEnd, 0).decode(new Reader(payload))
    return new Map(logs.map(({ name, segments }) => [name, segments]))
  }

  /** Throws `DiskError` if the folder was removed: what is written from then on is lost. */
  check(): void {
    if (this.#disk.exists(`${this.path}/${FORMAT}`)) return
    throw new DiskError('find', this.path, Object.assign(new Error('the folder was taken away'), { code: 'ENOENT' }))
  }

  async writeClean(known: KnownLogs): Promise<void> {
    const w = new Writer()
    codecOf(CleanEnd, 0).encode(w, { logs: [...known].map(([name, segments]) => ({ name, segments })) })
    await replaceFile(this.#disk, this.path, CLEAN, seal(w.written()))
  }

  release(): void {
    this.#lock?.release()
    this.#lock = undefined
  }
}

/** Undefined: the folder is empty, or does not exist. Throws for one that is not a broker's. Changes nothing. */
function identityOf(path: string, disk: Disk, nodeId: number): Identity | undefined {
  const others = namesIn(path, disk).filter((name) => !OWN_NAMES.test(name))
  const format = `${path}/${FORMAT}`
  const bytes = others.includes(FORMAT) ? fileOf(disk, format, 'UNKNOWN_FORMAT', 'restore it from a copy of the folder') : undefined
  if (bytes !== undefined) return read(path, bytes.toString('utf8'), nodeId)
  if (others.length === 0) return undefined
  throw new TidemarkError('NOT_A_DATA_FOLDER', `${path} is not empty and holds no data of a broker: choose an empty folder`)
}

function fileOf(disk: Disk, path: string, code: TidemarkErrorCode, advice: string): Buffer | undefined {
  try {
    return disk.readFile(path)
  } catch (cause) {
    if (!isFolder(cause)) throw cause
    throw new TidemarkError(code, `${path} is a folder, and has to be a file that a broker wrote: ${advice}`, { cause })
  }
}

function namesIn(path: string, disk: Disk): readonly string[] {
  try {
    return disk.list(path)
  } catch (error) {
    if (!(error instanceof DiskError && error.code === 'ENOTDIR')) throw error
    throw new TidemarkError('NOT_A_DATA_FOLDER', `${path} is a file: choose an empty folder`, { cause: error })
  }
}

async function identify(path: string, disk: Disk, fresh: Identity): Promise<Identity> {
  const known = identityOf(path, disk, fresh.nodeId)
  if (known !== undefined) return known
  const text = `tidemark ${FORMAT_VERSION}\ncluster ${fresh.clusterId}\nnode ${fresh.nodeId}\n`
  await replaceFile(disk, path, FORMAT, Buffer.from(text))
  return fresh
}

function read(path: string, text: string, nodeId: number): Identity {
  const version = /^tidemark (\d+)\n/.exec(text)?.[1]
  if (version !== String(FORMAT_VERSION)) {
    const found = version === undefined ? 'an unreadable FORMAT file' : `format ${version}`
    throw new TidemarkError(
      'UNKNOWN_FORMAT',
      `${path} has ${found}, and this version reads format ${FORMAT_VERSION}: use the version that wrote it`,
    )
  }
  const clusterId = /\ncluster ([0-9a-f]{32})\n/.exec(text)?.[1]
  const node = /\nnode (\d+)\n/.exec(text)?.[1]
  if (clusterId === undefined || node === undefined) {
    throw new TidemarkError('UNKNOWN_FORMAT', `${path}/${FORMAT} is damaged: it names no cluster or no node`)
  }
  if (Number(node) !== nodeId) {
    throw new TidemarkError('INVALID_OPTION', `${path} belongs to node ${node}, and nodeId is ${nodeId}`)
  }
  return { clusterId, nodeId }
}
