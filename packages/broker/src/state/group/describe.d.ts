import type { Shard } from './shard.ts';
export interface DescribedGroup {
    readonly groupId: string;
    readonly groupState: string;
    readonly protocolType: string;
    readonly protocolData: string;
    readonly members: readonly {
        readonly memberId: string;
        readonly groupInstanceId: string | null;
        readonly clientId: string;
        readonly clientHost: string;
        readonly memberMetadata: Buffer;
        readonly memberAssignment: Buffer;
    }[];
}
/** Undefined: there is no such group. */
export declare function describe(shard: Shard, groupId: string): DescribedGroup | undefined;
/** What Kafka calls the groups of this protocol. */
export declare const GROUP_TYPE = "classic";
export interface ListedGroup {
    readonly groupId: string;
    readonly protocolType: string;
    readonly groupState: string;
    readonly groupType: string;
}
/** Empty filters let everything pass; they do not mind case. */
export interface ListFilter {
    readonly states: readonly string[];
    readonly types: readonly string[];
}
export declare function list(shard: Shard, { states, types }: ListFilter): ListedGroup[];
