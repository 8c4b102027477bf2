/** The open files: opened when they are needed, closed when there are too many, never while an operation on them is under way. */
import type { Disk, File, Now } from '@tidemark/platform'
export declare class Files {
  #private
  constructor(disk: Disk, openMax: number)
  get count(): number
  /** Acts on the file, which stays open until the act is finished. */
  use<T>(path: string, mode: 'write' | 'create', act: (file: File) => Now<T>): Now<T>
  /** Closes the file if it is open, once nothing is under way on it. */
  close(path: string): void
  closeAll(): void
}
