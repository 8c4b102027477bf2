import { batchesIn, lastOffsetOf, WireError } from '@tidemark/protocol';
import { after, isLater } from '../now.js';
import { PartitionState } from '../state/log/partition-state.js';
export const STATE_FILE = 'state';
const READ_BYTES_MAX = 1024 * 1024;
export function loadState(store, name, log, producersMax) {
    const restored = restore(store.readSmall(name, STATE_FILE), producersMax);
    const usable = restored !== undefined && restored.reaches >= log.start && restored.reaches <= log.end;
    const state = usable ? restored.state : new PartitionState(producersMax);
    return after(fold(log, usable ? restored.reaches : log.start, state), () => state);
}
/** Undefined for one that is missing or damaged. */
function restore(bytes, producersMax) {
    if (bytes === undefined)
        return undefined;
    const state = new PartitionState(producersMax);
    try {
        return { state, reaches: state.restore(bytes) };
    }
    catch (error) {
        if (error instanceof WireError)
            return undefined;
        throw error;
    }
}
function fold(log, from, state) {
    const end = log.end;
    while (from < end) {
        const read = log.read(from, end, READ_BYTES_MAX);
        if (isLater(read))
            return read.then((found) => fold(log, apply(found, from, state) ?? end, state));
        from = apply(read, from, state) ?? end;
    }
}
/** Returns where the batches end; undefined if there are none. */
function apply(found, from, state) {
    let end;
    for (const bytes of found) {
        for (const { header } of batchesIn(bytes)) {
            if (header.baseOffset >= from)
                state.apply(header);
            end = lastOffsetOf(header) + 1;
        }
    }
    return end;
}
