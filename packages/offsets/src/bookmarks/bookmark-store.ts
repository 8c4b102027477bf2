/**
 * Bookmarks: where a group stood, kept under a name, one JSON file each in `$XDG_STATE_HOME/tidemark/bookmarks`. The
 * name of a file is a hash of cluster, group and name, so that any name will do.
 */
import {
  type Clock,
  checkName,
  type Disk,
  lockWithin,
  nearest,
  nodeClock,
  nodeDisk,
  replaceFile,
  sha256,
  TidemarkError,
} from '@tidemark/platform'
import type { Place } from '../moves/place.ts'
import { stateFolder } from '../moves/state-folder.ts'

export interface BookmarkPosition extends Place {
  readonly topic: string
  readonly topicId: string | null
  readonly partition: number
}

export interface Bookmark {
  readonly name: string
  readonly clusterId: string
  readonly group: string
  readonly atMs: number
  readonly positions: readonly BookmarkPosition[]
}

/** No more are read than these. */
const FILES_MAX = 10_000
/** How long another process may write. */
const LOCK_MAX_MS = 10_000

export class BookmarkStore {
  readonly folder: string
  readonly #disk: Disk
  readonly #clock: Clock

  /** Default: the folder of the user's state. */
  constructor(folder: string = stateFolder('bookmarks'), disk: Disk = nodeDisk, clock: Clock = nodeClock) {
    this.folder = folder
    this.#disk = disk
    this.#clock = clock
  }

  /** Replaces a bookmark of the same name and group. Resolves once it survives a crash of the machine. */
  async save(bookmark: Bookmark): Promise<void> {
    checkName('the name of the bookmark', bookmark.name)
    this.#disk.makeFolder(this.folder)
    const lock = await lockWithin(this.#clock, () => this.#disk.lock(`${this.folder}/bookmarks.lock`), LOCK_MAX_MS)
    if (lock === undefined) throw new TidemarkError('FOLDER_IN_USE', `${this.folder} is being written by another process; try again`)
    try {
      await replaceFile(this.#disk, this.folder, fileOf(bookmark), Buffer.from(`${JSON.stringify(bookmark, null, 2)}\n`))
    } finally {
      lock.release()
    }
  }

  /** By name. Files that cannot be read are left out and told to `onDamaged`. */
  async list(onDamaged: (file: string, why: string) => void = () => {}): Promise<readonly Bookmark[]> {
    const found: Bookmark[] = []
    for (const name of this.#disk
      .list(this.folder)
      .filter((it) => it.endsWith('.json'))
      .sort()
      .slice(0, FILES_MAX)) {
      const path = `${this.folder}/${name}`
      const bytes = this.#disk.readFile(path)
      if (bytes === undefined) continue
      try {
        found.push(bookmarkOf(bytes.toString()))
      } catch (error) {
        if (!(error instanceof SyntaxError)) throw error
        onDamaged(path, error.message)
      }
    }
    return found.sort((a, b) => (a.name === b.name ? (a.group < b.group ? -1 : 1) : a.name < b.name ? -1 : 1))
  }

  /**
   * The group's own one; else that of the only other group that has one of this name. Rejects with UNKNOWN_BOOKMARK.
   */
  async find(clusterId: string, group: string, name: string): Promise<Bookmark> {
    const known = (await this.list()).filter((it) => it.clusterId === clusterId)
    const named = known.filter((it) => it.name === name)
    const own = named.find((it) => it.group === group)
    if (own !== undefined) return own
    if (named.length === 1) return named[0]!
    const near = nearest(
      name,
      known.map((it) => it.name),
    )
    const why =
      named.length === 0
        ? `does not exist for this cluster${near === undefined ? '' : `; did you mean '${near}'?`}`
        : `exists for groups ${named.map((it) => it.group).join(', ')}, not for this one`
    throw new TidemarkError('UNKNOWN_BOOKMARK', `bookmark '${name}' of group '${group}' ${why}`)
  }

  /** Rejects with UNKNOWN_BOOKMARK. */
  async delete(clusterId: string, group: string, name: string): Promise<void> {
    const path = `${this.folder}/${fileOf({ clusterId, group, name })}`
    if (!this.#disk.exists(path)) throw new TidemarkError('UNKNOWN_BOOKMARK', `bookmark '${name}' of group '${group}' does not exist`)
    this.#disk.unlink(path)
    await this.#disk.syncFolder(this.folder)
  }
}

const fileOf = ({ clusterId, group, name }: Pick<Bookmark, 'clusterId' | 'group' | 'name'>): string =>
  `${sha256(Buffer.from(JSON.stringify([clusterId, group, name])))
    .toString('hex')
    .slice(0, 32)}.json`

function bookmarkOf(text: string): Bookmark {
  const value = JSON.parse(text) as Partial<Bookmark> | null
  const { name, clusterId, group, atMs, positions } = value ?? {}
  const isWhole = typeof name === 'string' && typeof clusterId === 'string' && typeof group === 'string' && typeof atMs === 'number'
  if (!isWhole || !Array.isArray(positions)) throw new SyntaxError('it is not a bookmark')
  return value as Bookmark
}
