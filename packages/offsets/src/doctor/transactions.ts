/** Transactions that hold readers of committed records back (KIP-664). */
import { shellWord } from '@tidemark/platform/shell-word'
import { durationText } from '../plan/text.ts'
import type { Facts } from './facts.ts'
import type { Finding } from './finding.ts'

/** Kafka's `transaction.max.timeout.ms`, by default: a coordinator ends a transaction that is open for longer. */
const OPEN_MAX_MS = 15 * 60_000

/** One for each group that reads the partition. */
export function stuckTransaction({ nowMs, brokers, groups, transactions }: Facts): Finding[] {
  const stuck = transactions.filter((it) => nowMs - it.lastTimestampMs > OPEN_MAX_MS)
  return stuck.flatMap(({ topic, partition, producerId, startOffset, lastTimestampMs }) =>
    groups
      .filter(({ partitions }) => partitions.some((it) => it.topic === topic && it.partition === partition))
      .map(({ group }) => ({
        rule: 'stuck-transaction',
        severity: 'warning',
        group,
        topic,
        partition,
        message: `producer ${producerId} has a transaction open since offset ${startOffset}, and has written nothing for ${durationText(nowMs - lastTimestampMs)}: readers of committed records do not pass it`,
        command: `kafka-transactions.sh --bootstrap-server ${shellWord(brokers)} abort --topic ${shellWord(topic)} --partition ${partition} --start-offset ${startOffset}`,
      })),
  )
}
