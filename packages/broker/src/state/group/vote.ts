/** Which protocol a group uses: each member votes for the first on its list that all support. */
import type { Group } from './group.ts'
import type { Protocol } from './member.ts'

/**
 * Whether a client with these protocols may join: the type is the group's, and one of them is supported by all
 * members.
 */
export function supports(group: Group, protocolType: string, protocols: readonly Protocol[]): boolean {
  if (group.phase === 'Empty') return protocolType !== '' && protocols.length > 0
  return group.protocolType === protocolType && protocols.some(({ name }) => group.allSupport(name))
}

/**
 * The protocol with the most votes; of two with as many the one that was voted for first. Null for a group without
 * members.
 */
export function choose(group: Group): string | null {
  const votes = new Map<string, number>()
  for (const { protocols } of group.members.values()) {
    const vote = protocols.find(({ name }) => group.allSupport(name))
    if (vote !== undefined) votes.set(vote.name, (votes.get(vote.name) ?? 0) + 1)
  }
  let chosen: string | null = null
  let most = 0
  for (const [name, count] of votes) {
    if (count <= most) continue
    chosen = name
    most = count
  }
  return chosen
}
