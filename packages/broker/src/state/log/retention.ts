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

/** The offset at which the log may begin. `segments` in order; the last one, which is written to, is kept. */
export function keptFrom(segments: readonly SegmentAge[], { retentionMs, retentionBytes }: RetentionRules, nowMs: number): number {
  let excess = retentionBytes < 0 ? -1 : segments.reduce((sum, s) => sum + s.bytes, 0) - retentionBytes
  let first = 0
  while (first < segments.length - 1) {
    const { bytes, maxTimestampMs } = segments[first]!
    const isOld = retentionMs >= 0 && maxTimestampMs >= 0 && nowMs - maxTimestampMs > retentionMs
    const isTooMuch = excess >= bytes
    if (!isOld && !isTooMuch) break
    excess -= bytes
    first++
  }
  return segments[first]?.baseOffset ?? 0
}
