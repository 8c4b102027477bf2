/**
 * The broker: the one file that knows all its parts. It opens the data, reads the cluster's metadata back, and listens; it closes
 * in the other order. The first failure of the disk closes it too, and rejects `closed`.
 */
import { TidemarkError } from '@tidemark/platform';
import { uuidToText } from '@tidemark/protocol';
import { Acceptor } from './accept/acceptor.js';
import { allHandlers } from './handle/all.js';
import { MEMORY, resolveOptions } from './options.js';
import { Cluster } from './perform/cluster.js';
import { Groups } from './perform/coordinator/groups.js';
import { tell } from './perform/diagnostics.js';
import { Failure } from './perform/failure.js';
import { Partitions } from './perform/partitions.js';
import { ProducerIds } from './perform/producer-ids.js';
import { Topics } from './perform/topics.js';
import { OFFSETS_TOPIC } from './state/topics/names.js';
import { FileStore } from './storage/file-store.js';
import { MemoryStore } from './storage/memory-store.js';
/**
 * Starts a broker in this process. `data` is a folder, or ':memory:'; port 0, the default, is a free one.
 *
 * Rejects with a `TidemarkError`: INVALID_OPTION, FOLDER_IN_USE, UNKNOWN_FORMAT, ADDRESS_IN_USE, ADDRESS_UNAVAILABLE, STORAGE_FAILED.
 */
export async function startBroker(given) {
    const options = resolveOptions(given);
    const failure = new Failure(() => running?.fail());
    let running;
    const store = await openStore(options, failure);
    try {
        running = await Running.start(options, store, failure);
        return running;
    }
    catch (error) {
        store.abandon();
        throw error;
    }
}
async function openStore(options, failure) {
    const { data, platform, nodeId } = options;
    const clusterId = platform.random.uuid();
    if (data === MEMORY)
        return new MemoryStore(clusterId, options.memoryBytesMax);
    try {
        return await FileStore.open({
            ...options,
            path: data.replace(/(?<=.)\/+$/, ''),
            disk: platform.disk,
            clock: platform.clock,
            fresh: { clusterId, nodeId },
            onFailure: (cause) => void failure.report(cause),
            onRecovered: (log, end, bytesCut) => tell({ kind: 'recovered', log, end, bytesCut }),
        });
    }
    catch (cause) {
        throw cause instanceof TidemarkError ? cause : failure.report(cause);
    }
}
class Running {
    brokers;
    host;
    port;
    clusterId;
    closed;
    #parts;
    #resolveClosed = () => { };
    #rejectClosed = () => { };
    #closing;
    static async start(options, store, failure) {
        const { platform } = options;
        const cluster = await Cluster.open(store, platform, failure);
        // The partitions of __consumer_offsets stay as many as they were: groups are found by their number.
        const offsetsPartitions = cluster.metadata.byName.get(OFFSETS_TOPIC)?.partitions ?? options.offsetsPartitions;
        const settled = { ...options, offsetsPartitions };
        const topics = new Topics(cluster, settled);
        const partitions = new Partitions(store, topics, settled, failure);
        const groups = new Groups({ options: settled, platform, topics, partitions });
        const producerIds = new ProducerIds(cluster, settled.pidBlock);
        const clusterId = uuidToText(store.clusterId);
        const services = { options: settled, clusterId, platform, topics, partitions, groups, producerIds };
        const site = {
            table: allHandlers(),
            services,
            limits: settled,
            onRefused: (client, why) => tell({ kind: 'refused', client, why }),
            onBug: (where, error) => tell({ kind: 'bug', where, error }),
        };
        const acceptor = new Acceptor(settled, site, platform.clock);
        const addresses = await acceptor.listen(platform.transport);
        void groups.start();
        void partitions.sweep();
        return new Running(addresses, { clock: platform.clock, clusterId, store, acceptor, cluster, partitions, groups, failure });
    }
    constructor({ bound, advertised }, parts) {
        this.host = bound.host;
        this.port = bound.port;
        this.brokers = [`${advertised.host.includes(':') ? `[${advertised.host}]` : advertised.host}:${advertised.port}`];
        this.clusterId = parts.clusterId;
        this.#parts = parts;
        this.closed = new Promise((resolve, reject) => {
            this.#resolveClosed = resolve;
            this.#rejectClosed = reject;
        });
        // Who does not look at `closed` is told through the diagnostics channel; the process lives on.
        this.closed.catch(() => { });
    }
    close() {
        this.#closing ??= this.#close();
        return this.#closing;
    }
    async #close() {
        const { acceptor, failure, store } = this.#parts;
        await acceptor.close();
        if (failure.error === undefined)
            await this.#writeDown();
        if (failure.error === undefined) {
            this.#resolveClosed();
            return;
        }
        store.abandon();
        this.#rejectClosed(failure.error);
    }
    async #writeDown() {
        const { groups, partitions, cluster, store, failure } = this.#parts;
        try {
            await groups.close();
            await partitions.settle();
            await cluster.checkpoint();
            if (failure.error === undefined)
                await store.close();
        }
        catch (cause) {
            failure.report(cause);
        }
    }
    /** The disk failed: nothing more is acknowledged. Those who wait are told in this turn, before their connections end. */
    fail() {
        this.#parts.clock.afterTurn(() => void this.close());
    }
    [Symbol.asyncDispose]() {
        return this.close();
    }
}
