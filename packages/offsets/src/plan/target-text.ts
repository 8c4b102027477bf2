/** A target as the command line writes it. */
import type { MoveTarget } from './types.ts'

export function targetText(target: MoveTarget): string {
  switch (target.kind) {
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
    case 'list':
      return 'a list of offsets'
    case 'places':
      if (target.undoes !== undefined) return `undo of ${target.undoes}`
      return target.atMs === undefined ? 'former places' : `as at ${new Date(target.atMs).toISOString()}`
    case 'delete':
      return target.group === true ? 'delete the group' : 'delete'
    default:
      return target.kind
  }
}
