/**
 * The data folder as a whole: who holds it, which format it has, and whether it was closed cleanly.
 *
 * ```
 * FORMAT   three lines of text: `tidemark 1` (the version), `cluster <32 hex digits>`, `node <number>`
 * lock     held by the process that uses the folder
 * clean    only while no broker runs: every log as it was closed. Removed before anything is written.
 * ```
 */
import { type Disk } from '@tidemark/platform'
export declare const FORMAT_VERSION = 1
export interface SegmentSize {
  readonly baseOffset: number
  readonly bytes: number
}
/** By the name of the log. */
export type KnownLogs = Map<string, readonly SegmentSize[]>
export interface Identity {
  readonly clusterId: string
  readonly nodeId: number
}
export declare class DataFolder {
  #private
  readonly path: string
  readonly identity: Identity
  private constructor()
  /** Makes the folder if there is none. Throws FOLDER_IN_USE, UNKNOWN_FORMAT or NOT_A_DATA_FOLDER. */
  static open(path: string, disk: Disk, fresh: Identity): Promise<DataFolder>
  /** What the last clean end wrote down; empty after a crash. From now on the folder counts as not closed. */
  takeClean(syncs: boolean): Promise<KnownLogs>
  writeClean(known: KnownLogs): Promise<void>
  release(): void
}
