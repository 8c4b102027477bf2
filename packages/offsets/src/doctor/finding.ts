/** What a rule of the doctor found. Plain data. */
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

/** A word of a shell. */
export const quoted = (text: string): string =>
  /^[\w@%+=:,./-]+$/.test(text) && !text.startsWith('-') ? text : `'${text.replaceAll("'", "'\\''")}'`

export const moveCommand = (group: string, topic: string, partition: number, to: string): string =>
  `tidemark offsets move ${quoted(group)} --topic ${quoted(`${topic}:${partition}`)} --to ${to}`
