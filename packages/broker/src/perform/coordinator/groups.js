import { ErrorCode, partitionOfGroup } from '@tidemark/protocol';
import { after, allOf, isLater } from '../../now.js';
import { describe, list } from '../../state/group/describe.js';
import { heartbeat } from '../../state/group/heartbeat.js';
import { join } from '../../state/group/join.js';
import { leave } from '../../state/group/leave.js';
import { joinError, leaveError, syncError } from '../../state/group/replies.js';
import { sync } from '../../state/group/sync.js';
import { commit, commitError } from '../../state/offsets/commit.js';
import { fetchOffsets } from '../../state/offsets/fetch.js';
import { OFFSETS_TOPIC } from '../../state/topics/names.js';
import { tell } from '../diagnostics.js';
import { Timers } from '../timers.js';
import { Coordinator } from './coordinator.js';
/** Ids that were given out and not come back, in one group. */
const PENDING_MEMBERS_MAX = 10_000;
/** `undefined` where a reply stands: the request's `signal` aborted before there was one. */
export class Groups {
    #options;
    #platform;
    #partitions;
    #timers;
    #parts;
    /** By partition. A promise while its log is being opened for the first time. */
    #coordinators = new Map();
    #closed = false;
    constructor({ options, platform, topics, partitions }) {
        this.#options = options;
        this.#platform = platform;
        this.#partitions = partitions;
        this.#timers = new Timers(platform.clock, options.timerLateMs);
        this.#parts = {
            clock: platform.clock,
            timers: this.#timers,
            limits: limitsOf(options),
            checkpointIntervalRecords: options.checkpointIntervalRecords,
            mayCreateGroup: () => this.#groupCount() < options.groupsMax,
            topicExists: (name) => topics.byName(name) !== undefined,
        };
        topics.onDeleted(({ name }) => {
            for (const coordinator of this.#ready())
                coordinator.forgetTopic(name);
        });
    }
    /** Begins to read back what was written before. Resolves when all of it is there; nobody has to wait for that. */
    start() {
        const used = this.#partitions.usedPartitions(OFFSETS_TOPIC);
        const loading = used.map((partition) => ({ partition, coordinator: this.#make(partition) }));
        for (const { partition, coordinator } of loading)
            this.#coordinators.set(partition, coordinator);
        return this.#loadAll(loading);
    }
    async #loadAll(loading) {
        for (const { partition, coordinator } of loading) {
            if (this.#closed)
                return;
            try {
                await coordinator.load(await this.#partitions.internalLog(OFFSETS_TOPIC, partition));
            }
            catch (error) {
                tell({ kind: 'bug', where: `partition ${partition} of ${OFFSETS_TOPIC}`, error });
            }
        }
    }
    /** Saves all, so that the next start reads no log. Parked requests end with their connections. */
    async close() {
        this.#closed = true;
        this.#timers.clear();
        for (const coordinator of this.#ready())
            await coordinator.checkpoint();
    }
    /** `newMemberId` is made here: chance is no matter of the state machine. */
    join(request, signal) {
        const onError = (errorCode) => joinError(errorCode, request.memberId);
        if (request.groupId === '')
            return onError(ErrorCode.INVALID_GROUP_ID);
        const newMemberId = request.memberId === '' ? this.#newMemberId(request.groupInstanceId ?? request.clientId) : '';
        const decide = (shard, ticket, turn) => join(shard, { ...request, newMemberId }, ticket, turn);
        return this.#request(request.groupId, decide, onError, signal);
    }
    sync(request, signal) {
        if (request.groupId === '')
            return syncError(ErrorCode.INVALID_GROUP_ID);
        return this.#request(request.groupId, (shard, ticket, turn) => sync(shard, request, ticket, turn), syncError, signal);
    }
    /** The error code. A group that is being read back may be as its member believes: NONE. */
    heartbeat(request, signal) {
        if (request.groupId === '')
            return ErrorCode.INVALID_GROUP_ID;
        const onError = (errorCode) => (errorCode === ErrorCode.COORDINATOR_LOAD_IN_PROGRESS ? ErrorCode.NONE : errorCode);
        return this.#request(request.groupId, (shard, ticket, turn) => heartbeat(shard, request, ticket, turn), onError, signal);
    }
    leave(request, signal) {
        if (request.groupId === '')
            return leaveError(ErrorCode.INVALID_GROUP_ID);
        return this.#request(request.groupId, (shard, ticket, turn) => leave(shard, request, ticket, turn), leaveError, signal);
    }
    /** One error code for each entry. */
    commit(request, signal) {
        const onError = (errorCode) => commitError(request, errorCode);
        return this.#request(request.groupId, (shard, ticket, turn) => commit(shard, request, ticket, turn), onError, signal);
    }
    /** `topics` null: all that are committed. */
    fetchOffsets(groupId, topics) {
        return this.#read(groupId, (shard) => ({ errorCode: ErrorCode.NONE, topics: fetchOffsets(shard, groupId, topics) }), (errorCode) => ({ errorCode, topics: [] }));
    }
    /** Undefined: no such group. A number: the error code. */
    describe(groupId) {
        return this.#read(groupId, (shard) => describe(shard, groupId), (errorCode) => errorCode);
    }
    list(filter) {
        const ready = [...this.#ready()];
        const broken = ready.find(({ unavailable }) => unavailable !== ErrorCode.NONE);
        if (broken !== undefined)
            return { errorCode: broken.unavailable, groups: [] };
        const lists = ready.map((coordinator) => coordinator.read((shard) => ({ errorCode: ErrorCode.NONE, groups: list(shard, filter) }), (errorCode) => ({ errorCode, groups: [] })));
        return after(allOf(lists), (all) => ({
            errorCode: all.find(({ errorCode }) => errorCode !== ErrorCode.NONE)?.errorCode ?? ErrorCode.NONE,
            groups: all.flatMap(({ groups }) => groups),
        }));
    }
    #newMemberId(prefix) {
        const uuid = this.#platform.random.uuid();
        const dashed = [uuid.slice(0, 8), uuid.slice(8, 12), uuid.slice(12, 16), uuid.slice(16, 20), uuid.slice(20)].join('-');
        return `${prefix}-${dashed}`;
    }
    #request(groupId, decide, onError, signal) {
        return this.#with(groupId, (coordinator) => coordinator.request(decide, onError, signal), onError);
    }
    #read(groupId, look, onError) {
        return this.#with(groupId, (coordinator) => coordinator.read(look, onError), onError);
    }
    #with(groupId, use, onError) {
        if (this.#closed)
            return onError(ErrorCode.COORDINATOR_NOT_AVAILABLE);
        const partition = partitionOfGroup(groupId, this.#options.offsetsPartitions);
        let coordinator;
        try {
            coordinator = this.#coordinators.get(partition) ?? this.#begin(partition);
        }
        catch {
            return onError(ErrorCode.COORDINATOR_NOT_AVAILABLE);
        }
        if (!isLater(coordinator))
            return use(coordinator);
        return coordinator.then(use, () => onError(ErrorCode.COORDINATOR_NOT_AVAILABLE));
    }
    /** A partition in which nothing was written so far. Throws, or rejects, if its log cannot be opened; the next request tries again. */
    #begin(partition) {
        const begun = after(this.#partitions.internalLog(OFFSETS_TOPIC, partition), (log) => {
            const coordinator = this.#make(partition);
            coordinator.begin(log);
            this.#coordinators.set(partition, coordinator);
            return coordinator;
        });
        if (!isLater(begun))
            return begun;
        this.#coordinators.set(partition, begun);
        begun.catch(() => this.#coordinators.delete(partition));
        return begun;
    }
    #make(partition) {
        return new Coordinator(this.#parts, this.#partitions.checkpointStore(OFFSETS_TOPIC, partition));
    }
    *#ready() {
        for (const coordinator of this.#coordinators.values())
            if (!isLater(coordinator))
                yield coordinator;
    }
    #groupCount() {
        let count = 0;
        for (const coordinator of this.#ready())
            count += coordinator.groupCount;
        return count;
    }
}
const limitsOf = (options) => ({
    initialRebalanceDelayMs: options.groupInitialRebalanceDelayMs,
    sessionTimeoutMinMs: options.groupSessionTimeoutMinMs,
    sessionTimeoutMaxMs: options.groupSessionTimeoutMaxMs,
    sizeMax: options.groupMaxSize,
    pendingMembersMax: Math.min(options.groupMaxSize, PENDING_MEMBERS_MAX),
    metadataBytesMax: options.messageBytesMax,
    recordBytesMax: options.frameBytesMax,
    offsetMetadataCharsMax: options.offsetMetadataCharsMax,
});
