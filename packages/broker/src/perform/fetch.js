/** Reads what a Fetch asks for, and waits for more where there is too little (long poll). */
import { DiskError, TidemarkError } from '@tidemark/platform';
import { ErrorCode } from '@tidemark/protocol';
import { after, attempt, isLater } from '../now.js';
import { tell } from './diagnostics.js';
const NOTHING = [];
const failed = (code, logStartOffset = -1) => ({
    code,
    records: NOTHING,
    bytes: 0,
    highWatermark: -1,
    logStartOffset,
    diverging: undefined,
});
/** Reads each partition in its turn, beginning with the `first`. The first batch of all is read however large (KIP-74). */
export function readAll(wanted, first, bytesMax) {
    const reads = new Array(wanted.length);
    return step(0, bytesMax);
    function step(done, left) {
        for (; done < wanted.length; done++) {
            const i = (first + done) % wanted.length;
            const read = readOne(wanted[i], left, left === bytesMax);
            if (isLater(read)) {
                return read.then((it) => {
                    reads[i] = it;
                    return step(done + 1, left - it.bytes);
                });
            }
            reads[i] = read;
            left -= read.bytes;
        }
        return reads;
    }
}
function readOne(wanted, bytesLeft, first) {
    return attempt(() => readIt(wanted, bytesLeft, first), unreadable);
}
/** A log that cannot be read is the partition's trouble, not the connection's. */
function unreadable(error) {
    if (!(error instanceof TidemarkError || error instanceof DiskError))
        throw error;
    tell({ kind: 'unreadable', error });
    return failed(ErrorCode.KAFKA_STORAGE_ERROR);
}
function readIt({ partition, code, goneCode, fetchOffset, lastFetchedEpoch, bytesMax }, bytesLeft, first) {
    if (partition === undefined)
        return failed(code);
    if (partition.deleted)
        return failed(goneCode);
    if (lastFetchedEpoch < 0)
        return readAt(partition, fetchOffset, bytesMax, bytesLeft, first);
    return after(partition.endOfEpoch(lastFetchedEpoch), (end) => {
        if (end.endOffset < 0)
            return failed(ErrorCode.OFFSET_OUT_OF_RANGE, partition.start);
        const diverges = end.epoch < lastFetchedEpoch || end.endOffset < fetchOffset;
        if (diverges)
            return { ...shown(partition, NOTHING), diverging: end };
        return readAt(partition, fetchOffset, bytesMax, bytesLeft, first);
    });
}
function readAt(partition, fetchOffset, bytesMax, bytesLeft, first) {
    // Beyond the high watermark and within the log: it will be shown soon, and is no error.
    const inRange = fetchOffset >= partition.start && fetchOffset <= partition.end;
    if (!inRange)
        return failed(ErrorCode.OFFSET_OUT_OF_RANGE, partition.start);
    const limit = Math.min(bytesMax, bytesLeft);
    if (limit <= 0 && !first)
        return shown(partition, NOTHING);
    return after(partition.read(fetchOffset, Math.max(0, limit)), (records) => {
        const tooLarge = !first && records.length === 1 && records[0].length > limit;
        return shown(partition, tooLarge ? NOTHING : records);
    });
}
function shown(partition, records) {
    return {
        code: ErrorCode.NONE,
        records,
        bytes: records.reduce((sum, r) => sum + r.length, 0),
        highWatermark: partition.highWatermark,
        logStartOffset: partition.start,
        diverging: undefined,
    };
}
/**
 * Resolves when `bytesMin` more bytes can be read from the partitions together, one of them is deleted, `waitMs` have passed or
 * the signal aborts. The append that brings enough resolves it in its own call.
 */
export function waitForBytes(wanted, bytesMin, waitMs, clock, signal) {
    const partitions = [...new Set(wanted.flatMap(({ partition }) => partition ?? []))];
    const shownBefore = partitions.map((p) => p.bytesShown);
    return new Promise((resolve) => {
        const end = () => {
            timer.cancel();
            signal.removeEventListener('abort', end);
            for (const stop of stops)
                stop();
            resolve();
        };
        const look = () => {
            const bytes = partitions.reduce((sum, p, i) => sum + p.bytesShown - shownBefore[i], 0);
            if (bytes >= bytesMin || partitions.some((p) => p.deleted))
                end();
        };
        const stops = partitions.map((p) => p.onChange(look));
        const timer = clock.schedule(waitMs, end);
        signal.addEventListener('abort', end, { once: true });
        if (signal.aborted)
            end();
    });
}
