/** A plan as the command line makes it. Pure. */
import { shellWord } from '@tidemark/platform/shell-word'
import type { MovePlan, MoveTarget, MoveWish } from '../../../src/shapes.ts'

/** Null: the command line has no words for this target; it takes the plan as a file. */
function targetWord(target: MoveTarget): string | null {
  switch (target.kind) {
    case 'start':
    case 'end':
    case 'current':
      return target.kind
    case 'offset':
      return String(target.offset)
    case 'shift':
      return target.by < 0 ? String(target.by) : `+${target.by}`
    case 'time':
      return `@${new Date(target.atMs).toISOString()}`
    case 'group':
      return `group:${target.group}`
    case 'bookmark':
      return `bookmark:${target.name}`
    default:
      return null
  }
}

const scopeWords = (scope: MoveWish['scope']): string =>
  scope === 'all'
    ? ''
    : scope
        .map(({ topic, partitions }) => ` --topic ${shellWord(Array.isArray(partitions) ? `${topic}:${partitions.join(',')}` : topic)}`)
        .join('')

/** `flags`: those of the cluster. */
export function planCommand({ id, wish }: MovePlan, flags: string): string {
  const { target, scope, group, keepMetadata } = wish
  if (target.kind === 'places' && target.undoes !== undefined) return `tidemark offsets undo ${target.undoes}${flags}`
  const word = targetWord(target)
  if (word === null) return `tidemark offsets apply plan-${id.slice(0, 8)}.json${flags}`
  return `tidemark offsets move ${shellWord(group)}${scopeWords(scope)} --to ${shellWord(word)}${keepMetadata ? ' --keep-metadata' : ''}${flags}`
}
