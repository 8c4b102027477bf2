/** Names of groups, topics, profiles and bookmarks for a shell: within a moment, or none. */
import { createAdmin } from '@tidemark/client'
import { BookmarkStore } from '@tidemark/offsets'
import { connected } from '../connection.ts'
import { readProfiles } from '../profiles.ts'
import type { Candidates, Wanted } from './candidates.ts'

/** Somebody waits at a prompt. */
const TIME_MS = 300

export async function namesOf(wanted: Wanted, typed: Candidates['typed']): Promise<string[]> {
  if (wanted === 'profile') return Object.keys(readProfiles().profiles)
  if (wanted === 'bookmark') return (await new BookmarkStore().list()).map(({ name }) => name)
  const { '--brokers': brokers, '--command-config': commandConfig, '--profile': profile } = typed
  const options = {
    quiet: true,
    ...(brokers !== undefined && { brokers }),
    ...(commandConfig !== undefined && { commandConfig }),
    ...(profile !== undefined && { profile }),
  }
  return await connected(options, async ({ kafka }) => {
    const { groups, topics } = createAdmin(kafka)
    const limits = { timeoutMs: TIME_MS }
    if (wanted === 'group') return (await groups.list(limits)).map(({ groupId }) => groupId)
    return (await topics.list(limits)).filter(({ internal }) => !internal).map(({ name }) => name)
  })
}
