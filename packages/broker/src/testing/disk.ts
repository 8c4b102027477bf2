/** Disks for tests: the real one, watched and failing when told to, or slow; and folders of their own. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Disk, DiskError, type File, nodeDisk } from '@tidemark/platform'

export interface DiskSpy {
  /** Operations so far, as `read PATH`. */
  readonly done: string[]
  /** Paths of the files that are open. */
  readonly openFiles: string[]
  /** The next operations whose text contains this fail with the code. */
  failing: { readonly on: string; readonly code: string } | undefined
}

/** The real disk, watched; it fails where told to. */
export function spiedDisk(): Disk & DiskSpy {
  const spy: DiskSpy = { done: [], openFiles: [], failing: undefined }
  const did = (operation: string, path: string): void => {
    const text = `${operation} ${path}`
    spy.done.push(text)
    if (spy.failing !== undefined && text.includes(spy.failing.on)) {
      throw new DiskError(operation, path, Object.assign(new Error('told to fail'), { code: spy.failing.code }))
    }
  }
  const watch = (file: File): File => ({
    path: file.path,
    write(chunks, position, how) {
      const write = (): void | Promise<void> => {
        did('write', file.path)
        return file.write(chunks, position, how)
      }
      return how === 'within' ? write() : Promise.resolve().then(write)
    },
    read(position, length, into) {
      did('read', file.path)
      return file.read(position, length, into)
    },
    size: () => file.size(),
    truncate: (size) => file.truncate(size),
    async sync() {
      did('sync', file.path)
      await file.sync()
    },
    close() {
      const at = spy.openFiles.indexOf(file.path)
      if (at >= 0) spy.openFiles.splice(at, 1)
      file.close()
    },
  })
  const disk: Disk = {
    ...nodeDisk,
    open(path, mode) {
      const file = nodeDisk.open(path, mode) as File
      spy.openFiles.push(path)
      return watch(file)
    },
    async syncFolder(path) {
      did('syncFolder', path)
      await nodeDisk.syncFolder(path)
    },
  }
  return Object.assign(spy, disk)
}

/** The real disk, on which nothing is ever finished within the call. */
export function slowDisk(): Disk {
  const later = <T>(act: () => T | Promise<T>): Promise<T> => Promise.resolve().then(act)
  return {
    ...nodeDisk,
    open: (path, mode) =>
      later(() => {
        const file = nodeDisk.open(path, mode) as File
        return {
          path,
          write: (chunks, position, how) => later(() => file.write(chunks, position, how)),
          read: (position, length, into) => later(() => file.read(position, length, into)),
          size: () => file.size(),
          truncate: (size) => later(() => file.truncate(size)),
          sync: () => file.sync(),
          close: () => file.close(),
        }
      }),
    removeFolder: (path) => later(() => nodeDisk.removeFolder(path)),
  }
}

/** A new empty folder, gone after the test. */
export function temporaryFolder(onEnd: (call: () => void) => void): string {
  const path = mkdtempSync(join(tmpdir(), 'tidemark-'))
  onEnd(() => rmSync(path, { recursive: true, force: true }))
  return path
}
