/** Remembers where a group stands. */
import { type CallLimits, createAdmin, type Kafka } from '@tidemark/client'
import { checkedLimits, handleOf, LIMIT_NAMES } from '@tidemark/client/internal'
import { checkName, checkOptions, TidemarkError } from '@tidemark/platform'
import { type Bookmark, BookmarkStore } from '../bookmarks/bookmark-store.ts'
import { shrinking } from '../read/limits.ts'
import { committedBy, placeOf, topicIdOf, topicViews } from './gather.ts'

export interface BookmarkOptions extends CallLimits {
  /** Default: the folder of the user's state. */
  readonly store?: BookmarkStore
}

/**
 * Keeps offset, leader epoch, metadata and topic id of every partition that the group has committed, whether it works
 * or not; a target of `planMove` then. Rejects with `TidemarkError` NOTHING_TO_DO (nothing is committed), or what the
 * limits bring.
 */
export async function bookmarkGroup(kafka: Kafka, group: string, name: string, options: BookmarkOptions = {}): Promise<Bookmark> {
  checkOptions<BookmarkOptions>('bookmarkGroup()', options, { ...LIMIT_NAMES, store: true })
  checkName('the name of the group', group)
  checkName('the name of the bookmark', name)
  const limits = shrinking(kafka, checkedLimits(options))
  const { clusterId } = await createAdmin(kafka).cluster.describe(limits())
  const committed = [...(await committedBy(kafka, group, limits())).values()]
  if (committed.length === 0) throw new TidemarkError('NOTHING_TO_DO', `group '${group}' has committed nothing`)
  const views = await topicViews(kafka, [...new Set(committed.map(({ topic }) => topic))], limits())
  const positions = committed.map((it) => {
    const view = views.get(it.topic)!
    return { topic: it.topic, topicId: view.errorCode === 0 ? topicIdOf(view) : null, partition: it.partition, ...placeOf(it)! }
  })
  const bookmark = { name, clusterId, group, atMs: handleOf(kafka).platform.clock.now(), positions }
  await (options.store ?? new BookmarkStore()).save(bookmark)
  return bookmark
}
