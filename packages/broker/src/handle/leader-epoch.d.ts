import type { Partition } from '../perform/partition.ts';
/** `known` is -1 from a client that does not say. */
export declare function leaderEpochFault(known: number, partition: Partition): number;
