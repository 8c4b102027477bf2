/** What a topic's settings make of a batch that arrived: another compression, or the broker's time. All else stays as it was. */
import { type BatchHeader } from '@tidemark/protocol'
/** The same records in the topic's `compression.type`; the batch itself if it has it already. Throws `WireError` if it cannot be opened. */
export declare function recompress(batch: Buffer, header: BatchHeader, compressionType: string): Buffer
/** Sets the time of all its records, and the CRC anew. */
export declare function stampAppendTime(batch: Buffer, nowMs: number): Buffer
