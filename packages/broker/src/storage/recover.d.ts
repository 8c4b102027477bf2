/**
 * Opens the log in a folder that nobody closed: what a crash left is read back and what is not whole is cut off.
 *
 * A full segment whose index covers it was synced before the index was written: it is not read. Any other is read from where its
 * index ends. At the first batch that is not whole the log ends; what lies behind it in later segments is removed.
 */
import type { Now } from '@tidemark/platform'
import type { LogSite } from './file-log.ts'
import { Segment } from './segment.ts'
export interface Recovered {
  readonly segments: Segment[]
  readonly bytesCut: number
}
/** Within the call if there is nothing. */
export declare function recover(folder: string, site: LogSite): Now<Recovered>
