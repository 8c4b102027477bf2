/** The consequences of a plan in a sentence. Pure. */
import { counted } from '@tidemark/platform'
import { bytesText, durationText } from './text.ts'
import type { PlannedChange } from './types.ts'

export function summaryOf(group: string, changes: readonly PlannedChange[]): string {
  const count = (outcome: PlannedChange['outcome']): number => changes.filter((c) => c.outcome === outcome).length
  const [moves, deletes, unchanged, refused] = [count('moves'), count('deletes'), count('unchanged'), count('refused')]
  const parts: string[] = []
  if (moves > 0) parts.push(`moves ${counted(moves, 'partition')} of group '${group}'`)
  if (deletes > 0) parts.push(`deletes what group '${group}' has committed for ${counted(deletes, 'partition')}`)
  if (parts.length === 0) parts.push(`changes nothing in group '${group}'`)
  const again = amount(changes.filter((c) => c.replayed > 0))
  const skipped = amount(changes.filter((c) => c.skipped > 0))
  if (again !== '') parts.push(`${again} handled again`)
  if (skipped !== '') parts.push(`${skipped} skipped`)
  const lost = changes.reduce((sum, c) => sum + c.lost, 0)
  if (lost > 0) parts.push(`${counted(lost, 'offset')} no longer in the log`)
  if (unchanged > 0 && moves + deletes > 0) parts.push(`${unchanged} unchanged`)
  if (refused > 0) parts.push(`${refused} left as ${refused === 1 ? 'it is' : 'they are'}`)
  return `${parts.join('; ')}.`
}

/** `at most 7,500 records (1 h 2 min, about 1.2 MB)`; empty for none. */
function amount(changes: readonly PlannedChange[]): string {
  const records = changes.reduce((sum, c) => sum + c.replayed + c.skipped, 0)
  if (records === 0) return ''
  const details: string[] = []
  const known = changes.filter((c) => c.first !== null && c.last !== null)
  if (known.length === changes.length) {
    const from = Math.min(...known.map((c) => c.first!.timestampMs))
    const to = Math.max(...known.map((c) => c.last!.timestampMs))
    details.push(durationText(Math.max(0, to - from)))
  }
  if (changes.every((c) => c.bytes !== null)) {
    const bytes = changes.reduce((sum, c) => sum + c.bytes!.value, 0)
    const isExact = changes.every((c) => c.bytes!.certainty === 'exact')
    details.push(`${isExact ? '' : 'about '}${bytesText(bytes)}`)
  }
  const isExact = changes.every((c) => c.counted === 'exact')
  return `${isExact ? '' : 'at most '}${counted(records, 'record')}${details.length > 0 ? ` (${details.join(', ')})` : ''}`
}
