/** The errors of topics and partitions that a view of the cluster says cannot be used. */
import { TidemarkError } from '@tidemark/platform'
import { ErrorCode, errorOf } from '@tidemark/protocol'

export const unknownPartition = (topic: string, partition: number, count: number): TidemarkError =>
  new TidemarkError('UNKNOWN_PARTITION', `topic '${topic}' has no partition ${partition}; it has ${count}`, { topic, partition })

/** The error for a topic that cannot be used. */
export function refusedTopic(topic: string, errorCode: number): TidemarkError {
  if (errorCode === ErrorCode.UNKNOWN_TOPIC_OR_PARTITION) {
    return new TidemarkError('UNKNOWN_TOPIC', `topic '${topic}' does not exist; check the name, or create it first`, { topic })
  }
  if (errorCode === ErrorCode.TOPIC_AUTHORIZATION_FAILED) {
    const text = `topic '${topic}' may not be used by this user: it needs at least DESCRIBE, which READ and WRITE bring`
    return new TidemarkError('TOPIC_AUTHORIZATION_FAILED', text, { topic })
  }
  const { name, text } = errorOf(errorCode)
  return new TidemarkError(name, `topic '${topic}' cannot be used: ${name} (${text})`, { topic })
}
