/**
 * Moving a group while it works: its members are taken out of it, the offsets are set in the moment in which it is
 * empty, and the members, which learn of it from their next heartbeat or commit, join again and read on from there.
 *
 * Settled on Apache Kafka 4.3.1 (docs/decisions/0016): the group is empty as soon as the last classic member has left.
 * What the members have in hand is handled once more, and a commit of theirs is refused meanwhile.
 */
import { createAdmin, type GroupDescription, type Kafka } from '@tidemark/client'
import { ejectMembers, handleOf } from '@tidemark/client/internal'
import { TidemarkError } from '@tidemark/platform'
import type { NextLimits } from '../read/limits.ts'

/** Rejects with GROUP_ACTIVE if the group is of a kind whose members do not survive it. */
export async function ejectAll(kafka: Kafka, group: string, limits: NextLimits): Promise<void> {
  const described = await createAdmin(kafka).groups.describe(group, limits())
  if (described.members.length === 0) return
  const why = whyNot(described)
  if (why !== undefined)
    throw new TidemarkError('GROUP_ACTIVE', `group '${group}' cannot be moved while it works: ${why}; stop its members first`)
  const ids = described.members.map(({ memberId }) => memberId)
  await ejectMembers(handleOf(kafka).cluster, group, ids, 'its offsets are moved', limits())
}

export function whyNot({ type, protocolType, protocol, members }: GroupDescription): string | undefined {
  if (type !== 'classic') return 'it speaks the new protocol (KIP-848)'
  if (protocolType !== 'consumer') return `it is a group of '${protocolType}', which does not take that`
  if (protocol === 'stream') return 'it is an application of Kafka Streams, which would lose its tasks'
  const fixed = members.find(({ instanceId }) => instanceId !== null)
  return fixed === undefined ? undefined : `its member '${fixed.instanceId}' is static, and would be fenced`
}
