/**
 * Writes that wait for one sync: those that came while the disk was busy are written and synced together, in their order. A
 * write is finished when a sync that began after it is.
 */
import type { Files } from './files.ts'
export interface QueuedWrite {
  readonly path: string
  readonly position: number
  readonly batch: Buffer
}
export declare class GroupCommit {
  #private
  constructor(files: Files, syncNames: () => Promise<void>)
  write(write: QueuedWrite): Promise<void>
}
