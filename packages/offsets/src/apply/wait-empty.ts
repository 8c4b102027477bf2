/** A group takes commits of others only while it has no members. */
import type { CallLimits, Kafka } from '@tidemark/client'
import { handleOf } from '@tidemark/client/internal'
import { counted, sleep, TidemarkError } from '@tidemark/platform'
import type { GroupFacts } from '../plan/facts.ts'
import { groupFacts } from '../plan/gather.ts'

/** How often the group is looked at: a member of a rolling restart is away for seconds. */
const LOOK_EVERY_MS = 500

/** Rejects with GROUP_ACTIVE once the time is over. */
export async function waitUntilEmpty(kafka: Kafka, group: string, untilMs: number, limits: CallLimits): Promise<GroupFacts> {
  const { clock } = handleOf(kafka).platform
  for (;;) {
    const facts = await groupFacts(kafka, group, limits)
    if (facts.members === 0) return facts
    const leftMs = untilMs - clock.monotonic()
    if (leftMs <= 0) {
      const [members, them] = [counted(facts.members, 'member'), facts.members === 1 ? 'it' : 'them']
      throw new TidemarkError(
        'GROUP_ACTIVE',
        `group '${group}' has ${members} (${facts.state}): nothing was changed; stop ${them}, or wait until the group is empty`,
      )
    }
    await sleep(clock, Math.min(LOOK_EVERY_MS, leftMs), limits.signal).catch((cause: unknown) => {
      throw new TidemarkError('ABORTED', `waiting for group '${group}' to be empty was aborted`, { cause })
    })
  }
}
