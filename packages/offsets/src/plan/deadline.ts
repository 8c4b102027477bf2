/** The limits of each next step of a call that takes several: what is left of the whole call's. */
import type { CallLimits, Kafka } from '@tidemark/client'
import { handleOf } from '@tidemark/client/internal'

export function stepLimits(kafka: Kafka, { timeoutMs, signal }: CallLimits): () => CallLimits {
  const { clock } = handleOf(kafka).platform
  const begunMs = clock.monotonic()
  return () => ({ signal, timeoutMs: timeoutMs === undefined ? undefined : Math.max(1, timeoutMs - (clock.monotonic() - begunMs)) })
}
