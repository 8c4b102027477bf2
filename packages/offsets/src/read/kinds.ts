/** The kinds of groups that Kafka keeps, and what a cluster lists of each. */
export type GroupKind = 'classic' | 'consumer' | 'share' | 'streams' | 'unknown'

export interface GroupSummary {
  readonly group: string
  readonly kind: GroupKind
  /** Kafka's name of the state; empty: the broker is too old to tell. */
  readonly state: string
  /** `consumer` for groups of consumers; empty for a group that only commits. */
  readonly protocolType: string
  /** The node that coordinates it. */
  readonly coordinator: number | null
}

const KINDS: ReadonlySet<string> = new Set(['classic', 'consumer', 'share', 'streams'])

/** Of the type that ListGroups names. A broker that names none (before version 5) keeps classic groups alone. */
export function kindOf(type: string): GroupKind {
  const kind = type.toLowerCase()
  if (kind === '') return 'classic'
  return KINDS.has(kind) ? (kind as GroupKind) : 'unknown'
}
