/** What a rule of the doctor found. Plain data. */
import { shellWord } from '@tidemark/platform/shell-word'

export type Severity = 'error' | 'warning' | 'notice'

export interface Finding {
  /** Stable: for filters and alerts. */
  readonly rule: string
  readonly severity: Severity
  readonly group: string | null
  readonly topic: string | null
  readonly partition: number | null
  readonly message: string
  /** What mends it, or shows more; null: nothing has to be done. */
  readonly command: string | null
}

export const moveCommand = (group: string, topic: string, partition: number, to: string): string =>
  `tidemark offsets move ${shellWord(group)} --topic ${shellWord(`${topic}:${partition}`)} --to ${to}`
