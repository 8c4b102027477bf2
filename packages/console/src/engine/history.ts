/** What groups committed, from the cluster's own log: the newest of it, within a time. */
import { type CallLimits, type Kafka, TidemarkError } from '@tidemark/client'
import { handleOf } from '@tidemark/client/internal'
import { type CommitEvent, commitHistory } from '@tidemark/offsets'
import type { HistoryWish } from '../data.ts'
import type { CommitHistoryPage } from '../shapes.ts'

/** The newest so many are shown; those before are counted. */
const EVENTS_MAX = 500
/** The log of commits may be large: what was read until then is shown, and that it is not all. */
const READ_FOR_MS = 20_000

export async function historyOf(
  kafka: Kafka,
  { group, fromMs, toMs, all }: HistoryWish,
  { signal }: CallLimits,
): Promise<CommitHistoryPage> {
  const time = new AbortController()
  const timer = handleOf(kafka).platform.clock.schedule(READ_FOR_MS, () => time.abort())
  const events: CommitEvent[] = []
  let seen = 0
  try {
    const until = signal === undefined ? time.signal : AbortSignal.any([signal, time.signal])
    const options = {
      ...(group !== undefined && { groups: [group] }),
      ...(fromMs !== undefined && { from: new Date(fromMs) }),
      ...(toMs !== undefined && { to: new Date(toMs) }),
      signal: until,
    }
    for await (const event of commitHistory(kafka, options)) {
      if (!all && !isNotable(event)) continue
      seen++
      events.push(event)
      if (events.length >= EVENTS_MAX * 2) events.splice(0, EVENTS_MAX)
    }
    return page(events, seen, false, null)
  } catch (error) {
    if (!(error instanceof TidemarkError)) throw error
    if (error.code === 'HISTORY_UNREADABLE') return page([], 0, false, error.message)
    if (error.code === 'ABORTED' && time.signal.aborted && signal?.aborted !== true) return page(events, seen, true, null)
    throw error
  } finally {
    timer.cancel()
  }
}

/** What a member commits in its ordinary work is not: it says nothing about who moved the group. */
const isNotable = ({ kind, jump }: CommitEvent): boolean => kind === 'outside' || kind === 'expired' || kind === 'deleted' || jump !== null

/** Newest first; groups are read one after the other, so that the order of times is made here. */
function page(events: readonly CommitEvent[], seen: number, isPartial: boolean, unreadable: string | null): CommitHistoryPage {
  const newest = [...events].sort((a, b) => b.atMs - a.atMs).slice(0, EVENTS_MAX)
  return { events: newest, left: Math.max(0, seen - newest.length), isPartial, unreadable }
}
