/** The committed offsets of all groups of one coordinator partition: group, topic, partition. Only `Shard.apply` changes them. */
import type { CommittedOffset, OffsetKey } from './offset-records.ts';
export type OffsetsOfTopic = ReadonlyMap<number, CommittedOffset>;
export type OffsetsOfGroup = ReadonlyMap<string, OffsetsOfTopic>;
export declare class Offsets {
    #private;
    size: number;
    of(group: string): OffsetsOfGroup | undefined;
    get(group: string, topic: string, partition: number): CommittedOffset | undefined;
    groups(): Iterable<string>;
    put(key: OffsetKey, value: CommittedOffset): void;
    remove({ group, topic, partition }: OffsetKey): void;
}
