import { batchesIn, lastOffsetOf, RecordCursor, WireError } from '@tidemark/protocol';
import { fromCheckpoint } from '../../state/group/checkpoint.js';
import { decodeRecord } from '../../state/group/records.js';
import { Shard } from '../../state/group/shard.js';
const READ_BYTES_MAX = 1024 * 1024;
export async function loadShard(log, checkpoint, clock) {
    const restored = restore(checkpoint);
    const usable = restored !== undefined && restored.reaches >= log.start && restored.reaches <= log.end;
    const shard = usable ? restored.shard : new Shard();
    let from = usable ? restored.reaches : log.start;
    let recordsRead = 0;
    while (from < log.end) {
        const read = replay(shard, await log.read(from, READ_BYTES_MAX), from);
        if (read.end <= from)
            throw new Error(`partition ${log.partition} of __consumer_offsets has no batch at ${from}, and ends at ${log.end}`);
        from = read.end;
        recordsRead += read.records;
        await new Promise((resolve) => clock.afterTurn(resolve));
    }
    return { shard, recordsRead, stale: restored !== undefined && !usable };
}
function restore(bytes) {
    if (bytes === undefined)
        return undefined;
    try {
        return fromCheckpoint(bytes);
    }
    catch (error) {
        if (error instanceof WireError)
            return undefined;
        throw error;
    }
}
/** Applies the records from `from` on. */
export function replay(shard, bytes, from) {
    let end = from;
    let records = 0;
    for (const { at, header } of batchesIn(bytes)) {
        const cursor = new RecordCursor(bytes.subarray(at, at + header.size), header);
        while (cursor.next()) {
            if (cursor.offset < from || cursor.key === null)
                continue;
            const record = decodeRecord(cursor.key, cursor.value);
            if (record !== undefined)
                shard.apply(record);
            records++;
        }
        end = lastOffsetOf(header) + 1;
    }
    return { end, records };
}
