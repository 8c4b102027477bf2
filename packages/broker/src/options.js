/** What a broker can be told: every limit has its unit in its name and Kafka's default unless the comment says otherwise. */
import { nodePlatform, TidemarkError } from '@tidemark/platform';
export const MEMORY = ':memory:';
const MiB = 1024 * 1024;
const defaults = {
    listen: { host: '127.0.0.1', port: 0 },
    advertised: undefined,
    nodeId: 1,
    rack: null,
    fsync: 'interval',
    fsyncIntervalMs: 1000,
    platform: nodePlatform,
    frameBytesMax: 100 * MiB,
    messageBytesMax: MiB + 12,
    segmentBytesMax: 1024 * MiB,
    indexIntervalBytes: 4096,
    fetchBytesMax: 55 * MiB,
    connectionsMax: 10_000,
    requestsInFlightMax: 64,
    outputBufferBytesMax: 8 * MiB,
    memoryBytesMax: 256 * MiB,
    topicsMax: 100_000,
    partitionsMax: 200_000,
    producersPerPartitionMax: 10_000,
    openFilesMax: 1000,
    autoCreateTopics: true,
    numPartitions: 1,
    offsetsPartitions: 50,
    groupInitialRebalanceDelayMs: 0,
    groupSessionTimeoutMinMs: 10,
    groupSessionTimeoutMaxMs: 1_800_000,
    groupMaxSize: 2_147_483_647,
    groupsMax: 100_000,
    offsetMetadataCharsMax: 4096,
    checkpointIntervalRecords: 100_000,
    recoveryBytesMax: 64 * MiB,
    pidBlock: 1000,
    timerLateMs: 50,
};
/** Throws a `TidemarkError` INVALID_OPTION that names the option. */
export function resolveOptions(given) {
    if (typeof given?.data !== 'string' || given.data === '') {
        throw new TidemarkError('INVALID_OPTION', "startBroker needs 'data': a folder, or ':memory:'");
    }
    const options = { ...defaults };
    for (const [name, value] of Object.entries(given)) {
        if (name !== 'data' && !(name in defaults))
            throw new TidemarkError('INVALID_OPTION', `startBroker has no option '${name}'`);
        if (value !== undefined)
            options[name] = value;
    }
    options.listen = { ...defaults.listen, ...given.listen };
    for (const [name, value] of Object.entries(options)) {
        if (typeof value === 'number' && (!Number.isInteger(value) || value < 0)) {
            throw new TidemarkError('INVALID_OPTION', `${name} is ${value}; it must be a whole number of 0 or more`);
        }
    }
    if (!['never', 'interval', 'always'].includes(options.fsync)) {
        throw new TidemarkError('INVALID_OPTION', `fsync is '${String(options.fsync)}'; it must be never, interval or always`);
    }
    if (options.data === MEMORY)
        options.fsync = 'never';
    return options;
}
