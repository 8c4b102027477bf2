import { ErrorCode } from '@tidemark/protocol';
import { after, attempt } from '../now.js';
import { settingsOf } from '../state/topics/configs.js';
import { decideTopic } from '../state/topics/create.js';
import { storageCode } from './failure.js';
export class Topics {
    #cluster;
    #options;
    #platform;
    #deletedHooks = [];
    #settings = new WeakMap();
    constructor(cluster, options) {
        this.#cluster = cluster;
        this.#options = options;
        this.#platform = options.platform;
    }
    get leaderEpoch() {
        return this.#cluster.metadata.leaderEpoch;
    }
    byName(name) {
        return this.#cluster.metadata.byName.get(name);
    }
    byId(id) {
        return this.#cluster.metadata.byId.get(id);
    }
    /** In the order in which they were made. */
    all() {
        return this.#cluster.metadata.byId.values();
    }
    settings(topic) {
        let settings = this.#settings.get(topic);
        if (settings === undefined)
            this.#settings.set(topic, (settings = settingsOf(topic, this.#options)));
        return settings;
    }
    /** What `create` would do. */
    decide(wish) {
        const { nodeId, numPartitions, topicsMax, partitionsMax } = this.#options;
        return decideTopic(wish, { metadata: this.#cluster.metadata, nodeId, numPartitions, topicsMax, partitionsMax });
    }
    /** The topic is there when this returns, and stays once it is finished. */
    create(wish) {
        const decided = this.decide(wish);
        if (decided.kind === 'refuse')
            return decided;
        return attempt(() => after(this.#make(decided, false), (topic) => ({ kind: 'created', topic })), (error) => ({ kind: 'refuse', code: storageCode(error), message: error.message }));
    }
    /** As Metadata and a producer do it, with the defaults. Null if the name is not allowed; undefined if topics are not made so. */
    autoCreate(name) {
        if (!this.#options.autoCreateTopics)
            return undefined;
        return this.create({ name, numPartitions: -1, replicationFactor: -1, assignments: [], configs: [] });
    }
    /** A topic of the broker itself; made at the first call. */
    internal(name, partitions) {
        const topic = this.byName(name);
        if (topic !== undefined)
            return topic;
        const configs = [{ name: 'cleanup.policy', value: 'compact' }];
        return this.#make({ kind: 'create', name, partitions, configs }, true);
    }
    #make({ name, partitions, configs }, internal) {
        const id = this.#platform.random.uuid();
        const createdMs = this.#platform.clock.now();
        const durable = this.#cluster.write([{ kind: 'topic', id, name, partitions, internal, createdMs, configs: [...configs] }]);
        const topic = this.byId(id);
        return after(durable, () => topic);
    }
    /** Returns an error code: UNKNOWN_TOPIC_OR_PARTITION, INVALID_REQUEST for an internal topic, or NONE. */
    delete(topic) {
        if (topic.internal)
            return ErrorCode.INVALID_REQUEST;
        if (this.byId(topic.id) === undefined)
            return ErrorCode.UNKNOWN_TOPIC_OR_PARTITION;
        const removed = () => {
            for (const hook of this.#deletedHooks)
                hook(topic);
            return ErrorCode.NONE;
        };
        return attempt(() => after(this.#cluster.write([{ kind: 'removeTopic', id: topic.id }]), removed), storageCode);
    }
    /** Calls after each deletion that stays. */
    onDeleted(hook) {
        this.#deletedHooks.push(hook);
    }
}
