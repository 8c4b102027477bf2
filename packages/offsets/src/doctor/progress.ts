/** Groups that do not go on, and records that will not wait for them. */

import { keyOf } from '@tidemark/client/internal'
import { counted, numberText } from '@tidemark/platform'
import { shellWord } from '@tidemark/platform/shell-word'
import { durationText } from '../plan/text.ts'
import { everyPartition } from './every.ts'
import type { Facts } from './facts.ts'
import type { Finding } from './finding.ts'

const HOUR_MS = 3_600_000
/** Longer than a usual handler, and than the interval of commits of any client. */
const STALLED_MS = 5 * 60_000

/** What is left holds no record: a reader of committed records stands still before it, and nothing is wrong. */
export const onlyMarkers = (facts: Facts): Finding[] =>
  everyPartition(facts, 'only-markers', 'notice', ({ lag, records }) =>
    !lag || records?.certainty !== 'exact' || records.value > 0
      ? undefined
      : {
          message: `its lag of ${numberText(lag)} holds no records: markers of transactions, or offsets that compaction emptied`,
          command: null,
        },
  )

export const runsOut = (facts: Facts): Finding[] =>
  everyPartition(facts, 'retention-near', 'warning', ({ runwayMs, lag }, { group }) =>
    runwayMs === null || lag === null || runwayMs.value > HOUR_MS
      ? undefined
      : {
          message: `retention may delete its next unread record in ${durationText(runwayMs.value)} (${runwayMs.reason}); ${numberText(lag)} ${lag === 1 ? 'is' : 'are'} unread`,
          command: `tidemark lag ${shellWord(group)} --watch`,
        },
  )

/** A member owns the partition, records wait, and nothing was committed for long. */
export const stalled = (facts: Facts): Finding[] =>
  everyPartition(facts, 'stalled', 'warning', (position, { group, history }) => {
    const { topic, partition, owner, open, ageMs } = position
    const committedAtMs = history?.committedAtMs.get(keyOf(position))
    if (owner === null || !open || committedAtMs === undefined || ageMs === null || ageMs.value < STALLED_MS) return undefined
    const sinceMs = facts.nowMs - committedAtMs
    if (sinceMs < STALLED_MS) return undefined
    return {
      message: `${counted(open, 'record')} ${open === 1 ? 'waits' : 'wait'}, the oldest for ${durationText(ageMs.value)}, and ${owner.clientId} at ${owner.host.replace(/^\//, '')} has committed nothing for ${durationText(sinceMs)}`,
      command: `tidemark peek ${shellWord(group)} --topic ${shellWord(topic)} --partition ${partition}`,
    }
  })
