import { buildBatch, ErrorCode } from '@tidemark/protocol';
import { isLater } from '../../now.js';
import { Decision } from '../../state/decision.js';
import { takeCheckpoint } from '../../state/group/checkpoint.js';
import { expire } from '../../state/group/expire.js';
import { encodeRecord } from '../../state/group/records.js';
import { Shard } from '../../state/group/shard.js';
import { forgetTopics } from '../../state/offsets/forget.js';
import { loadShard } from './load.js';
export class Coordinator {
    #parts;
    #checkpoints;
    #log;
    #shard = new Shard();
    /** NONE: it decides. Otherwise what every request is answered. */
    #unavailable = ErrorCode.COORDINATOR_LOAD_IN_PROGRESS;
    /** The last append, while it is not durable. */
    #unsettled;
    #nextTicket = 0;
    #waiters = new Map();
    #recordsSinceCheckpoint = 0;
    #checkpointing;
    constructor(parts, checkpoints) {
        this.#parts = parts;
        this.#checkpoints = checkpoints;
    }
    get groupCount() {
        return this.#shard.groups.size;
    }
    /** The error code of every request as long as it is not NONE. */
    get unavailable() {
        return this.#unavailable;
    }
    /** Begins with a partition in which nothing was ever written. */
    begin(log) {
        this.#log = log;
        this.#unavailable = ErrorCode.NONE;
    }
    /** Reads the partition back and begins. Rejects if that fails; every request is answered COORDINATOR_NOT_AVAILABLE then. */
    async load(log) {
        try {
            this.#log = log;
            const { shard, recordsRead, stale } = await loadShard(log, this.#checkpoints.read(), this.#parts.clock);
            this.#shard = shard;
            this.#recordsSinceCheckpoint = recordsRead;
            if (stale)
                await this.#writeCheckpoint();
        }
        catch (error) {
            this.#unavailable = ErrorCode.COORDINATOR_NOT_AVAILABLE;
            throw error;
        }
        this.#unavailable = ErrorCode.NONE;
        this.#turn((turn) => this.#shard.revive(turn));
        // A crash may have come between the deletion of a topic and that of its offsets.
        this.#turn((turn) => forgetTopics(this.#shard, (topic) => !this.#parts.topicExists(topic), turn.decision));
    }
    /** The reply, now or when it is decided and durable; undefined if `signal` aborts first. */
    request(decide, onError, signal) {
        if (this.#unavailable !== ErrorCode.NONE)
            return onError(this.#unavailable);
        const ticket = this.#nextTicket++;
        let answer;
        let park;
        const waiter = {
            give: (body) => (park === undefined ? (answer = body) : park.give(body)),
            fail: (errorCode) => (park === undefined ? (answer = onError(errorCode)) : park.fail(errorCode)),
        };
        this.#waiters.set(ticket, waiter);
        this.#turn((turn) => decide(this.#shard, ticket, turn));
        if (answer !== undefined)
            return answer;
        return new Promise((resolve) => {
            const abort = () => {
                this.#waiters.delete(ticket);
                resolve(undefined);
            };
            const settle = (body) => {
                signal.removeEventListener('abort', abort);
                resolve(body);
            };
            park = { give: (body) => settle(body), fail: (errorCode) => settle(onError(errorCode)) };
            if (signal.aborted)
                abort();
            else
                signal.addEventListener('abort', abort, { once: true });
        });
    }
    /** What `look` sees, once all of it is durable. */
    read(look, onError) {
        if (this.#unavailable !== ErrorCode.NONE)
            return onError(this.#unavailable);
        const seen = look(this.#shard);
        if (this.#unsettled === undefined)
            return seen;
        return this.#unsettled.then(() => seen, () => onError(ErrorCode.COORDINATOR_NOT_AVAILABLE));
    }
    forgetTopic(name) {
        if (this.#unavailable !== ErrorCode.NONE)
            return;
        this.#turn((turn) => forgetTopics(this.#shard, (topic) => topic === name, turn.decision));
    }
    #turn(decide) {
        const { clock, limits, mayCreateGroup } = this.#parts;
        const now = { wallMs: clock.now(), monotonicMs: clock.monotonic() };
        const decision = new Decision();
        decide({ now, limits, decision, mayCreateGroup });
        this.#perform(decision, now);
    }
    #perform(decision, now) {
        const written = this.#write(decision, now);
        for (const change of decision.timers) {
            if (change.at === undefined)
                this.#parts.timers.cancel(change.key);
            else
                this.#parts.timers.set(change.key, change.at, () => this.#fire(change.event));
        }
        if (decision.replies.length === 0)
            return;
        if (!written)
            return this.#fail(decision);
        if (this.#unsettled === undefined)
            return this.#give(decision);
        this.#unsettled.then(() => this.#give(decision), () => this.#fail(decision));
    }
    #fire(timer) {
        this.#turn((turn) => expire(this.#shard, timer, turn));
    }
    #give({ replies }) {
        for (const { ticket, body } of replies)
            this.#take(ticket)?.give(body);
    }
    #fail({ replies }) {
        for (const { ticket } of replies)
            this.#take(ticket)?.fail(ErrorCode.COORDINATOR_NOT_AVAILABLE);
    }
    #take(ticket) {
        const waiter = this.#waiters.get(ticket);
        this.#waiters.delete(ticket);
        return waiter;
    }
    /** False: the append failed, and whoever owns the disk knows. */
    #write({ records }, { wallMs }) {
        if (records.length === 0)
            return true;
        try {
            const batch = buildBatch(records.map((record) => encodeRecord(record, wallMs)));
            this.#await(this.#log.append(batch).durable);
        }
        catch {
            return false;
        }
        for (const record of records)
            this.#shard.apply(record);
        this.#recordsSinceCheckpoint += records.length;
        if (this.#recordsSinceCheckpoint >= this.#parts.checkpointIntervalRecords)
            void this.checkpoint();
        return true;
    }
    #await(durable) {
        if (!isLater(durable))
            return;
        this.#unsettled = durable;
        durable.then(() => {
            if (this.#unsettled === durable)
                this.#unsettled = undefined;
        }, 
        // Stays: what is not durable is never shown, and the broker ends.
        () => { });
    }
    /** Saves the fold, so that a restart need not read the log again. One that cannot be written is no loss: the log has it all. */
    checkpoint() {
        if (this.#log === undefined || this.#recordsSinceCheckpoint === 0 || this.#unavailable !== ErrorCode.NONE)
            return Promise.resolve();
        this.#checkpointing ??= this.#writeCheckpoint()
            .catch(() => { })
            .finally(() => {
            this.#checkpointing = undefined;
        });
        return this.#checkpointing;
    }
    #writeCheckpoint() {
        this.#recordsSinceCheckpoint = 0;
        return this.#checkpoints.write(takeCheckpoint(this.#shard, this.#log.end));
    }
}
