/** Lines that Apache Kafka answers otherwise than our broker does, and why that is inherent. A line that does not any more fails. */
import type { KafkaVersion } from '../kafka/jars.ts'

interface Difference {
  readonly line: RegExp
  readonly versions: readonly KafkaVersion[]
  readonly reason: string
}

const DIFFERENCES: readonly Difference[] = []

export const differs = (version: KafkaVersion, line: string): string | undefined =>
  DIFFERENCES.find((it) => it.versions.includes(version) && it.line.test(line))?.reason
