/** The targets of a move as a form has them. Pure. */
import { durationMs } from '@tidemark/platform/duration'
import type { MoveTarget } from '../../../src/shapes.ts'

export type TargetKind = 'start' | 'end' | 'offset' | 'shift' | 'time' | 'ago' | 'group' | 'bookmark'

export interface TargetChoice {
  readonly kind: TargetKind
  readonly label: string
  readonly says: string
}

export const CHOICES: readonly TargetChoice[] = [
  { kind: 'time', label: 'A time', says: 'to the first record at or after it' },
  { kind: 'ago', label: 'So long ago', says: 'as a time: -1h30m, -2d' },
  { kind: 'shift', label: 'By so many records', says: 'from where it stands: back with a minus, else forward' },
  { kind: 'offset', label: 'An offset', says: 'the same on each partition that is chosen' },
  { kind: 'start', label: 'The start of the log', says: 'everything that is still there is handled again' },
  { kind: 'end', label: 'The end of the log', says: 'everything that is open is skipped' },
  { kind: 'group', label: 'Where another group stands', says: 'with its leader epochs and metadata' },
  { kind: 'bookmark', label: 'A bookmark', says: 'where a group stood when it was set' },
]

/** What the fields say; text, so that a wrong one can be told instead of guessed. */
export interface TargetFields {
  readonly kind: TargetKind
  readonly text: string
}

/** The target, or why there is none yet. What is relative is so to `nowMs`. */
export function targetOf({ kind, text }: TargetFields, nowMs: number): MoveTarget | string {
  if (kind === 'start' || kind === 'end') return { kind }
  if (text.trim() === '') return MISSING[kind]
  if (kind === 'group') return { kind, group: text }
  if (kind === 'bookmark') return { kind, name: text }
  if (kind === 'time' || kind === 'ago') {
    const atMs = kind === 'time' ? new Date(text).getTime() : agoOf(text, nowMs)
    return Number.isNaN(atMs) ? 'this is not a time' : { kind: 'time', atMs }
  }
  const number = Number(text)
  if (!Number.isSafeInteger(number) || (kind === 'offset' && number < 0)) return 'this is not a whole number'
  return kind === 'offset' ? { kind, offset: number } : { kind, by: number }
}

/** With the minus of the command line, or without. */
function agoOf(text: string, nowMs: number): number {
  const ms = durationMs(text.trim().replace(/^-/, ''))
  return ms === undefined ? Number.NaN : new Date(nowMs - ms).getTime()
}

const MISSING = {
  offset: 'name an offset',
  shift: 'say by how many records',
  time: 'name a time',
  ago: 'say how long ago',
  group: 'name a group',
  bookmark: 'choose a bookmark',
} as const
