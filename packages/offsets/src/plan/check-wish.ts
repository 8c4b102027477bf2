/**
 * What a caller asks for, looked at before anything else happens. Throws `TidemarkError` INVALID_ARGUMENT or
 * INVALID_OPTION.
 */
import { checkName, checkOffset, checkOptions, checkPartition, checkTime, describe, flagOption, TidemarkError } from '@tidemark/platform'
import type { FormerPlace, ListedPlace, MoveTarget, MoveWish, TopicScope } from './types.ts'

export function checkWish(owner: string, wish: MoveWish): MoveWish {
  checkOptions<MoveWish>(owner, wish, { group: true, scope: true, target: true, keepMetadata: true })
  checkName('the name of the group', wish.group)
  if (wish.keepMetadata !== undefined) flagOption('keepMetadata', wish.keepMetadata)
  if (wish.scope !== 'all') for (const [i, it] of checkList('the scope', wish.scope).entries()) checkScope(`scope[${i}]`, it as TopicScope)
  checkTarget(wish.target)
  return wish
}

function invalid(what: string, value: unknown, mayBe: string): never {
  throw new TidemarkError('INVALID_ARGUMENT', `${what} is ${describe(value)}; it must be ${mayBe}`)
}

function checkList(what: string, value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : invalid(what, value, 'an array')
}

function checkScope(what: string, scope: TopicScope): void {
  if (typeof scope !== 'object' || scope === null) invalid(what, scope, 'an object of topic and partitions')
  checkName(`the topic of ${what}`, scope.topic)
  const { partitions } = scope
  if (partitions === 'all') return
  if (Array.isArray(partitions)) for (const partition of partitions) checkPartition(`a partition of ${what}`, partition)
  else checkPartition(`the first partition of ${what}`, (partitions as { from?: unknown } | null)?.from)
}

function checkTarget(target: MoveTarget): void {
  switch ((target as MoveTarget | null | undefined)?.kind) {
    case 'start':
    case 'end':
    case 'current':
      return
    case 'offset':
      checkOffset('the target offset', (target as { offset: unknown }).offset)
      return
    case 'shift': {
      const { by } = target as { by: unknown }
      if (!Number.isSafeInteger(by)) invalid('the number of offsets to shift by', by, 'a whole number')
      return
    }
    case 'time':
      checkTime('the target time', new Date((target as { atMs: number }).atMs))
      return
    case 'group':
      checkName('the name of the other group', (target as { group: unknown }).group)
      return
    case 'bookmark':
      checkName('the name of the bookmark', (target as { name: unknown }).name)
      return
    case 'list': {
      const list = checkList('the list of offsets', (target as { offsets: unknown }).offsets)
      for (const [i, it] of list.entries()) checkListed(`offsets[${i}]`, it as ListedPlace)
      return
    }
    case 'places': {
      const list = checkList('the places', (target as { places: unknown }).places)
      for (const [i, it] of list.entries()) checkFormer(`places[${i}]`, it as FormerPlace)
      return
    }
    case 'delete':
      return
    default:
      invalid(
        'the target',
        target,
        "an object whose kind is 'start', 'end', 'offset', 'shift', 'time', 'group', 'bookmark', 'current', 'list', 'places' or 'delete'",
      )
  }
}

function checkListed(what: string, listed: ListedPlace): void {
  if (typeof listed !== 'object' || listed === null) invalid(what, listed, 'an object of topic, partition and offset')
  checkName(`the topic of ${what}`, listed.topic)
  checkPartition(`the partition of ${what}`, listed.partition)
  checkPlace(what, listed)
}

function checkFormer(what: string, former: FormerPlace): void {
  if (typeof former !== 'object' || former === null) invalid(what, former, 'an object of topic, topicId, partition and place')
  checkName(`the topic of ${what}`, former.topic)
  checkPartition(`the partition of ${what}`, former.partition)
  if (former.topicId !== null) checkName(`the topic id of ${what}`, former.topicId)
  if (former.place !== null) checkPlace(what, former.place)
  const { certainty } = former
  if (certainty !== undefined && certainty !== 'exact' && certainty !== 'bounded')
    invalid(`the certainty of ${what}`, certainty, "'exact' or 'bounded'")
}

function checkPlace(what: string, { offset, leaderEpoch, metadata }: { offset: unknown; leaderEpoch?: unknown; metadata?: unknown }): void {
  checkOffset(`the offset of ${what}`, offset)
  if (leaderEpoch !== undefined && !(Number.isInteger(leaderEpoch) && (leaderEpoch as number) >= -1)) {
    invalid(`the leader epoch of ${what}`, leaderEpoch, 'a whole number of -1 or more')
  }
  if (metadata !== undefined && typeof metadata !== 'string') invalid(`the metadata of ${what}`, metadata, 'text')
}
