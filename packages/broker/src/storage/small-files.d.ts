/** Small files that are replaced whole and may be lost: no sync, but an envelope that tells a torn one from a whole one. */
import type { Disk } from '@tidemark/platform'
export declare class SmallFiles {
  #private
  constructor(disk: Disk)
  /** Undefined: there is none, or it is damaged. */
  read(path: string): Buffer | undefined
  write(path: string, payload: Uint8Array): Promise<void>
  /** Resolves once nothing is being written. */
  idle(): Promise<void>
}
