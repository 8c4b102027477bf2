import { EMPTY_BYTES, metadataOf } from './member.js';
/** Undefined: there is no such group. */
export function describe(shard, groupId) {
    const group = shard.groups.get(groupId);
    if (group === undefined)
        return undefined;
    const { describesProtocol } = group.rules;
    return {
        groupId,
        groupState: group.phase,
        protocolType: group.protocolType ?? '',
        protocolData: describesProtocol ? (group.protocol ?? '') : '',
        members: Array.from(group.members.values(), (member) => ({
            memberId: member.memberId,
            groupInstanceId: member.groupInstanceId,
            clientId: member.clientId,
            clientHost: member.clientHost,
            memberMetadata: describesProtocol ? metadataOf(member, group.protocol) : EMPTY_BYTES,
            memberAssignment: member.assignment,
        })),
    };
}
/** What Kafka calls the groups of this protocol. */
export const GROUP_TYPE = 'classic';
export function list(shard, { states, types }) {
    const passes = (filter, value) => filter.length === 0 || filter.some((one) => one.toLowerCase() === value.toLowerCase());
    if (!passes(types, GROUP_TYPE))
        return [];
    return [...shard.groups.values()].filter(({ phase }) => passes(states, phase)).map(listed);
}
const listed = (group) => ({
    groupId: group.groupId,
    protocolType: group.protocolType ?? '',
    groupState: group.phase,
    groupType: GROUP_TYPE,
});
