/**
 * Reads a coordinator partition back: its checkpoint, and the log from where that ends, in pieces between which other work goes on.
 *
 * A checkpoint is disposable: one that is damaged is ignored. So is one that reaches beyond the log (a crash of the machine took
 * the end of it), and then `stale` asks for a new one before anything is appended: the log will grow over that offset again, and
 * what the old one says was never written would be believed.
 */
import type { Clock } from '@tidemark/platform';
import { Shard } from '../../state/group/shard.ts';
import type { InternalLog } from '../internal-log.ts';
export interface Loaded {
    readonly shard: Shard;
    /** Records that were read from the log: what the checkpoint did not have. */
    readonly recordsRead: number;
    readonly stale: boolean;
}
export declare function loadShard(log: InternalLog, checkpoint: Buffer | undefined, clock: Clock): Promise<Loaded>;
/** Applies the records from `from` on. */
export declare function replay(shard: Shard, bytes: Buffer, from: number): {
    readonly end: number;
    readonly records: number;
};
