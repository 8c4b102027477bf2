/**
 * Lines that Apache Kafka answers otherwise than our broker does, and why that is inherent. A line that does not any
 * more fails.
 */
import type { KafkaVersion } from '../kafka/jars.ts'

interface Difference {
  readonly line: RegExp
  readonly versions: readonly KafkaVersion[]
  readonly reason: string
}

const DIFFERENCES: readonly Difference[] = [
  {
    line: /^tidemark config list/,
    versions: ['3.9.1'],
    reason: 'Apache Kafka lists resources other than client metrics since 4.1 (KIP-1142); the command says so',
  },
]

export const differs = (version: KafkaVersion, line: string): string | undefined =>
  DIFFERENCES.find((it) => it.versions.includes(version) && it.line.test(line))?.reason
