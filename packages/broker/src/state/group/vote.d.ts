/** Which protocol a group uses: each member votes for the first on its list that all support. */
import type { Group } from './group.ts';
import type { Protocol } from './member.ts';
/** Whether somebody with these protocols may join: the type is the group's, and one of them is supported by all who are in it. */
export declare function supports(group: Group, protocolType: string, protocols: readonly Protocol[]): boolean;
/** The protocol with the most votes; of two with as many the one that was voted for first. Null for a group without members. */
export declare function choose(group: Group): string | null;
