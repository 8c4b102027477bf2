import { type Clock, sleep } from './clock.ts'

/**
 * The seam to files. Paths are absolute or relative to where the process runs, with '/' between names.
 *
 * What a finished call means: after `write` the bytes are in the page cache (a crash of the process keeps them);
 * after `sync` the file's bytes survive a crash of the machine; after `syncFolder` the names in it do. A call may
 * finish within the call (it returns the value) or later (it returns a promise): `Now<T>`. Callers handle both, and
 * the simulation chooses by chance.
 *
 * Every failure is a `DiskError` that names the operation and the path.
 */
export type Now<T> = T | Promise<T>

export interface File {
  readonly path: string
  /**
   * Writes the chunks one after the other at `position`. `within` asks for completion in the call; otherwise in the
   * background.
   */
  write(chunks: readonly Uint8Array[], position: number, how: 'within' | 'background'): Now<void>
  /**
   * Reads up to `length` bytes; fewer only at the end of the file. Reads beyond 64 KiB finish later. What is returned
   * belongs to the caller; it is the beginning of `into` where memory for all of `length` is given, which the caller
   * does not touch until then.
   */
  read(position: number, length: number, into?: Buffer): Now<Buffer>
  size(): number
  truncate(size: number): Now<void>
  /** The file's bytes survive a crash of the machine once this resolves. */
  sync(): Promise<void>
  close(): void
}

export interface Lock {
  release(): void
}

export interface Disk {
  /** `create` makes the file if it does not exist. */
  open(path: string, mode: 'read' | 'write' | 'create'): Now<File>
  exists(path: string): boolean
  /** The whole of a small file; undefined if there is none. */
  readFile(path: string): Buffer | undefined
  /** The names in a folder, in no order; empty if the folder does not exist. */
  list(path: string): readonly string[]
  /** Makes a folder and those above it. */
  makeFolder(path: string): void
  rename(from: string, to: string): void
  unlink(path: string): void
  /** Removes a folder and all in it; no error if it does not exist. */
  removeFolder(path: string): Now<void>
  /** The names in the folder survive a crash of the machine once this resolves. */
  syncFolder(path: string): Promise<void>
  /** Holds `path` for this process until released; a crash releases it too. Undefined: another holder has it. */
  lock(path: string): Lock | undefined
}

/** Replaces a small file so that a crash leaves either the old or the new one, whole. */
export async function replaceFile(disk: Disk, folder: string, name: string, bytes: Uint8Array): Promise<void> {
  const temporary = `${folder}/${name}.new`
  const file = await disk.open(temporary, 'create')
  try {
    await file.truncate(0)
    await file.write([bytes], 0, 'within')
    await file.sync()
  } finally {
    file.close()
  }
  disk.rename(temporary, `${folder}/${name}`)
  await disk.syncFolder(folder)
}

const LOCK_EVERY_MS = 20

/** Waits for so long for what `take` does not get at once. Rejects with the reason of `signal`. */
export async function lockWithin(
  clock: Clock,
  take: () => Lock | undefined,
  waitMs: number,
  signal?: AbortSignal,
): Promise<Lock | undefined> {
  const untilMs = clock.monotonic() + waitMs
  for (;;) {
    const lock = take()
    if (lock !== undefined || clock.monotonic() > untilMs) return lock
    await sleep(clock, LOCK_EVERY_MS, signal)
  }
}
