import { lastOffsetOf, stampBatch } from '@tidemark/protocol';
import { after, isLater } from '../now.js';
export class Partition {
    topic;
    topicId;
    index;
    leaderEpoch;
    log;
    #keeper;
    #waiting = new Set();
    #unfinished = [];
    #lastAppend;
    #state;
    #savedAt;
    highWatermark;
    /** Bytes that became readable since the partition was opened: how a long poll counts. */
    bytesShown = 0;
    deleted = false;
    constructor(of, log, keeper) {
        this.topic = of.topic;
        this.topicId = of.topicId;
        this.index = of.index;
        this.leaderEpoch = of.leaderEpoch;
        this.log = log;
        this.highWatermark = log.end;
        this.#keeper = keeper;
        this.#savedAt = log.end;
    }
    get start() {
        return this.log.start;
    }
    get end() {
        return this.log.end;
    }
    /** Its leader epochs and producers. Whoever checks or appends has waited for this once. */
    state() {
        return (this.#state ??
            after(this.#keeper.load(), (state) => {
                this.#state ??= state;
                return this.#state;
            }));
    }
    /** Whether a batch of a producer follows what the producer sent before. `state()` is finished. */
    check(header) {
        return this.#state.producers.check(header);
    }
    /**
     * Writes the batch at the end of the log: base offset and leader epoch are set in it, and the buffer belongs to the log.
     * `state()` is finished. Throws when nothing was written.
     */
    append(batch, arrived) {
        const baseOffset = this.log.end;
        const header = { ...arrived, baseOffset, leaderEpoch: this.leaderEpoch };
        stampBatch(batch, 0, baseOffset, this.leaderEpoch);
        const written = this.#write(batch, header);
        this.#state.apply(header);
        return { baseOffset, durable: this.#finish(written, lastOffsetOf(header) + 1, batch.length) };
    }
    #write(batch, header) {
        const failure = this.#keeper.failure();
        if (failure !== undefined)
            throw failure;
        try {
            return this.log.append(batch, header);
        }
        catch (cause) {
            throw this.#keeper.onFailure(cause);
        }
    }
    #finish(written, end, bytes) {
        if (!isLater(written) && this.#unfinished.length === 0)
            return this.#show(end, bytes);
        const append = { end, bytes, finished: false };
        this.#unfinished.push(append);
        const before = this.#lastAppend;
        const finished = Promise.resolve(written).then(() => this.#finished(append), (cause) => {
            throw this.#keeper.onFailure(cause);
        });
        // In log order: an append is finished once those before it are.
        const inOrder = before === undefined ? finished : Promise.all([before, finished]).then(() => { });
        this.#lastAppend = inOrder;
        inOrder.catch(() => { });
        return inOrder;
    }
    #finished(append) {
        append.finished = true;
        while (this.#unfinished[0]?.finished === true) {
            const { end, bytes } = this.#unfinished.shift();
            this.#show(end, bytes);
        }
        if (this.#unfinished.length === 0)
            this.#lastAppend = undefined;
    }
    #show(end, bytes) {
        this.highWatermark = end;
        this.bytesShown += bytes;
        this.#wake();
    }
    #wake() {
        for (const call of [...this.#waiting])
            call();
    }
    /** Finished once everything that was appended so far is. */
    settled() {
        return this.#lastAppend;
    }
    /** Whole batches that may be read, from the one that holds `from`; at least one if there is one. */
    read(from, bytesMax) {
        if (from >= this.highWatermark)
            return [];
        return this.log.read(from, this.highWatermark, bytesMax);
    }
    /** Calls each time there is more to read, and when the partition goes. Returns what ends it. */
    onChange(call) {
        this.#waiting.add(call);
        return () => void this.#waiting.delete(call);
    }
    /** Kafka's OffsetsForLeaderEpoch: the largest epoch not above `asked`, and where it ends. */
    endOfEpoch(asked) {
        return after(this.state(), ({ epochs }) => epochs.endOf(asked, this.leaderEpoch, this.highWatermark));
    }
    /** Forgets whole segments below `offset`. */
    trim(offset) {
        this.log.trim(Math.min(offset, this.highWatermark));
    }
    /** Saves what is derived from the log, so that a restart need not read it again. */
    checkpoint() {
        if (this.#state === undefined || this.#savedAt === this.end)
            return;
        this.#savedAt = this.end;
        this.#keeper.save(this.#state, this.end);
    }
    delete() {
        this.deleted = true;
        this.#wake();
        this.#waiting.clear();
    }
}
