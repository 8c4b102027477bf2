export const EMPTY_BYTES = Buffer.alloc(0);
export const metadataOf = (member, protocol) => member.protocols.find(({ name }) => name === protocol)?.metadata ?? EMPTY_BYTES;
/** Whether both say the same of the same protocols in the same order. */
export const sameProtocols = (a, b) => a.length === b.length && a.every(({ name, metadata }, i) => name === b[i].name && metadata.equals(b[i].metadata));
/** A member that waits for an answer is alive without heartbeats, unless it never had one. */
export const isHeartbeatSatisfied = (member) => !member.isNew && (member.awaitingJoin !== undefined || member.awaitingSync !== undefined);
