/** Reads the batches of a segment file one after the other, each checked, until its end or the first that is not whole. */
import type { File } from '@tidemark/platform'
import type { SegmentIndex } from './segment-index.ts'
/** Takes the good batches behind what the index covers into it. Returns how many bytes of the file are good. */
export declare function scan(file: File, index: SegmentIndex): Promise<number>
