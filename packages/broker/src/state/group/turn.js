/** A member that is new has no id yet and cannot send heartbeats: it may wait so long for the answer to its first JoinGroup. */
export const NEW_MEMBER_JOIN_TIMEOUT_MS = 5 * 60 * 1000;
// The length in front keeps a group id that contains a colon from meaning another group's timer.
const keyOf = (groupId, rest) => `${groupId.length}:${groupId}:${rest}`;
export const sessionKey = (groupId, memberId) => keyOf(groupId, `session:${memberId}`);
export const joinKey = (groupId) => keyOf(groupId, 'join');
export const syncKey = (groupId) => keyOf(groupId, 'sync');
