/**
 * The moves made from this machine: one JSON file each, and an audit file to which a line is added for each move.
 *
 * ```
 * $XDG_STATE_HOME/tidemark/moves/20261122T140000123Z-1f0c….json     what was replaced, byte for byte
 * $XDG_STATE_HOME/tidemark/moves/audit.jsonl                        who, why, before, after; only ever appended to
 * $XDG_STATE_HOME/tidemark/moves/group-5be2….lock                   held while the group is moved
 * ```
 *
 * A record is written before the first commit is sent, and it survives a crash of the machine by then: whatever happens
 * afterwards, what was replaced is known.
 */
import { checkName, type Disk, DiskError, type Lock, nodeDisk, replaceFile, sha256, TidemarkError } from '@tidemark/platform'
import { type MoveRecord, type MoveState, recordOf } from './move-record.ts'
import { stateFolder } from './state-folder.ts'

export interface MoveFilter {
  readonly clusterId?: string
  readonly group?: string
  readonly state?: MoveState
  /** The newest so many. Default: 100. */
  readonly recordsMax?: number
  /** Told of each file that cannot be read, which is left out. */
  readonly onDamaged?: (file: string, why: string) => void
}

const RECORDS_MAX = 100
/** Older ones are removed: undo is for what was done lately, and the audit file keeps all. */
const FILES_MAX = 10_000
const AUDIT = 'audit.jsonl'

export class MoveStore {
  readonly folder: string
  readonly #disk: Disk
  /** The id of the newest file: what is written for it again adds none. */
  #written: string | undefined

  /** Default: the folder of the user's state. */
  constructor(folder: string = stateFolder('moves'), disk: Disk = nodeDisk) {
    checkName('the folder of moves', folder)
    this.folder = folder
    this.#disk = disk
  }

  /** Newest first. */
  async list(filter: MoveFilter = {}): Promise<readonly MoveRecord[]> {
    const { clusterId, group, state, recordsMax = RECORDS_MAX, onDamaged = () => {} } = filter
    const found: MoveRecord[] = []
    for (const name of this.#names().reverse()) {
      if (found.length === recordsMax) break
      const record = this.#read(name, onDamaged)
      if (record === undefined) continue
      if (clusterId !== undefined && record.clusterId !== clusterId) continue
      if (group !== undefined && record.group !== group) continue
      if (state === undefined || record.state === state) found.push(record)
    }
    return found
  }

  /** Rejects with `TidemarkError` UNKNOWN_MOVE. */
  async get(id: string): Promise<MoveRecord> {
    const names = this.#names().filter((name) => name.includes(id))
    const record = names.length === 1 ? this.#read(names[0]!, () => {}) : undefined
    if (record !== undefined) return record
    const why = names.length > 1 ? `is the beginning of ${names.length} moves` : names.length === 1 ? 'cannot be read' : 'is not on record'
    throw new TidemarkError('UNKNOWN_MOVE', `move '${id}' ${why} in ${this.folder}`)
  }

  /** Replaces what was written under its id. Resolves once it survives a crash of the machine. */
  async write(record: MoveRecord): Promise<void> {
    this.#disk.makeFolder(this.folder)
    await replaceFile(this.#disk, this.folder, `${record.id}.json`, Buffer.from(`${JSON.stringify(record, null, 2)}\n`))
    if (record.id === this.#written) return
    this.#written = record.id
    const names = this.#names()
    for (const name of names.slice(0, Math.max(0, names.length - FILES_MAX))) this.#disk.unlink(`${this.folder}/${name}`)
  }

  /** Adds a line to the audit file. Resolves once it survives a crash of the machine. */
  async audit(record: MoveRecord): Promise<void> {
    const lock = this.#disk.lock(`${this.folder}/audit.lock`)
    // Another process appends right now. Its line is short; this one is not lost, it is in the record of the move.
    if (lock === undefined) throw new TidemarkError('FOLDER_IN_USE', `${this.folder}/${AUDIT} is being written by another process`)
    try {
      const file = await this.#disk.open(`${this.folder}/${AUDIT}`, 'create')
      try {
        await file.write([Buffer.from(`${JSON.stringify(record)}\n`)], file.size(), 'within')
        await file.sync()
      } finally {
        file.close()
      }
    } finally {
      lock.release()
    }
  }

  /** Keeps other processes of this machine from moving the group; undefined: one of them does. */
  lock(clusterId: string, group: string): Lock | undefined {
    this.#disk.makeFolder(this.folder)
    const hash = sha256(Buffer.from(JSON.stringify([clusterId, group]))).toString('hex')
    return this.#disk.lock(`${this.folder}/group-${hash.slice(0, 16)}.lock`)
  }

  /** In the order of time, which their names begin with. */
  #names(): string[] {
    return this.#disk
      .list(this.folder)
      .filter((name) => name.endsWith('.json'))
      .sort()
  }

  #read(name: string, onDamaged: (file: string, why: string) => void): MoveRecord | undefined {
    const path = `${this.folder}/${name}`
    try {
      const bytes = this.#disk.readFile(path)
      return bytes && recordOf(bytes.toString()) // undefined: removed by another process since
    } catch (error) {
      if (!(error instanceof SyntaxError || error instanceof DiskError)) throw error
      onDamaged(path, error.message)
      return undefined
    }
  }
}

/** `20261122T140000123Z-1f0c9a55` */
export function moveId(atMs: number, planId: string): string {
  const time = new Date(atMs).toISOString().replaceAll(/[-:.]/g, '')
  return `${time}-${sha256(Buffer.from(`${planId}${atMs}`))
    .toString('hex')
    .slice(0, 8)}`
}
