/** Names of groups, topics, profiles and bookmarks for a shell. */
import { setTimeout as pause } from 'node:timers/promises'
import { createAdmin } from '@tidemark/client'
import { BookmarkStore } from '@tidemark/offsets'
import { connected } from '../connection.ts'
import { readProfiles } from '../profiles.ts'
import type { Candidates, Wanted } from './candidates.ts'

/**
 * When the names of the cluster must be there, since the start of the process; and how long it is asked at the least.
 */
const DONE_AT_MS = 300
const ASKED_MS_MIN = 100

/** Another time than these, in ms, for a cluster that is far away; more than a minute is a minute. */
export const COMPLETION_VARIABLE = 'TIDEMARK_COMPLETION_MS'

const DONE_AT_MS_MAX = 60_000

/** Of what the variable says. A timer takes no time that is longer than it can be, and nobody waits for days. */
export function patienceMs(given = process.env[COMPLETION_VARIABLE], sinceStartMs = performance.now()): number {
  const wanted = Math.min(Number(given), DONE_AT_MS_MAX)
  return Math.max(ASKED_MS_MIN, (wanted > 0 ? wanted : DONE_AT_MS) - sinceStartMs)
}

/** `last` is what is being typed. A cluster that is silent has no names, and may still be asked when this resolves. */
export async function namesOf(wanted: Wanted, typed: Candidates['typed'], last: string): Promise<string[]> {
  if (wanted === 'profile') return Object.keys((await readProfiles()).profiles)
  if (wanted === 'bookmark') return bookmarks()
  if (wanted === 'target') {
    if (last.startsWith('bookmark:')) return (await bookmarks()).map((name) => `bookmark:${name}`)
    return last.startsWith('group:') ? (await namesOf('group', typed, last)).map((name) => `group:${name}`) : []
  }
  const { '--brokers': brokers, '--command-config': commandConfig, '--profile': profile } = typed
  const options = {
    quiet: true,
    ...(brokers !== undefined && { brokers }),
    ...(commandConfig !== undefined && { commandConfig }),
    ...(profile !== undefined && { profile }),
  }
  const timeoutMs = patienceMs()
  const names = connected(options, async ({ kafka }) => {
    const { groups, topics } = createAdmin(kafka)
    const limits = { timeoutMs }
    if (wanted === 'group') return (await groups.list(limits)).map(({ groupId }) => groupId)
    return (await topics.list(limits)).filter(({ internal }) => !internal).map(({ name }) => name)
  })
  // A connection that is being made is not given up within the time-out of a call.
  return await Promise.race([names, pause(timeoutMs, [])])
}

/** Those of every cluster that are kept on this machine: a name may be in several. */
async function bookmarks(): Promise<string[]> {
  return [...new Set((await new BookmarkStore().list()).map(({ name }) => name))]
}
