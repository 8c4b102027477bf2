/** Whether somebody with these protocols may join: the type is the group's, and one of them is supported by all who are in it. */
export function supports(group, protocolType, protocols) {
    if (group.phase === 'Empty')
        return protocolType !== '' && protocols.length > 0;
    if (group.protocolType !== protocolType)
        return false;
    const shared = sharedProtocols(group);
    return protocols.some(({ name }) => shared === undefined || shared.has(name));
}
/** Undefined: nobody is there to differ. */
function sharedProtocols(group) {
    let shared;
    for (const { protocols } of group.members.values()) {
        const names = protocols.map(({ name }) => name);
        shared = new Set(shared === undefined ? names : names.filter((name) => shared.has(name)));
    }
    return shared;
}
/** The protocol with the most votes; of two with as many the one that was voted for first. Null for a group without members. */
export function choose(group) {
    const shared = sharedProtocols(group);
    const votes = new Map();
    for (const { protocols } of group.members.values()) {
        const vote = protocols.find(({ name }) => shared.has(name));
        if (vote !== undefined)
            votes.set(vote.name, (votes.get(vote.name) ?? 0) + 1);
    }
    let chosen = null;
    let most = 0;
    for (const [name, count] of votes) {
        if (count <= most)
            continue;
        chosen = name;
        most = count;
    }
    return chosen;
}
