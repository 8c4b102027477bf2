/**
 * Which segments a topic no longer keeps: `retention.ms` and `retention.bytes`, as Kafka's
 * `UnifiedLog.deleteOldSegments`.
 */
export interface SegmentAge {
  readonly baseOffset: number
  readonly bytes: number
  /** -1 if no record of it has a time. */
  readonly maxTimestampMs: number
}

export interface RetentionRules {
  /** -1: for ever. */
  readonly retentionMs: number
  /** -1: as many as there are. */
  readonly retentionBytes: number
}

export type Kept = { readonly kind: 'from'; readonly offset: number } | { readonly kind: 'nothing' }

/**
 * The offset at which the log may begin, or that nothing of it is kept: then the segment that is written to goes too.
 * `segments` in order.
 */
export function kept(segments: readonly SegmentAge[], { retentionMs, retentionBytes }: RetentionRules, nowMs: number): Kept {
  let excess = retentionBytes < 0 ? -1 : segments.reduce((sum, s) => sum + s.bytes, 0) - retentionBytes
  for (const { baseOffset, bytes, maxTimestampMs } of segments) {
    const isOld = retentionMs >= 0 && maxTimestampMs >= 0 && nowMs - maxTimestampMs > retentionMs
    const isTooMuch = excess >= bytes && bytes > 0
    if (!isOld && !isTooMuch) return { kind: 'from', offset: baseOffset }
    excess -= bytes
  }
  return segments.length === 0 ? { kind: 'from', offset: 0 } : { kind: 'nothing' }
}

/** When time alone may next take a segment, in milliseconds since 1970, if nothing is written. */
export function nextExpiryMs([first]: readonly SegmentAge[], { retentionMs }: RetentionRules): number {
  const isKept = first === undefined || retentionMs < 0 || first.maxTimestampMs < 0
  return isKept ? Number.POSITIVE_INFINITY : first.maxTimestampMs + retentionMs + 1
}
