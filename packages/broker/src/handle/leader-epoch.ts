/** Whether a client knows the epoch in which a partition is led now (KIP-320). */
import { ErrorCode } from '@tidemark/protocol'
import type { Partition } from '../partition/partition.ts'

/** `known` is -1 from a client that does not say. */
export function leaderEpochFault(known: number, partition: Pick<Partition, 'leaderEpoch'>): number {
  if (known < 0 || known === partition.leaderEpoch) return ErrorCode.NONE
  return known < partition.leaderEpoch ? ErrorCode.FENCED_LEADER_EPOCH : ErrorCode.UNKNOWN_LEADER_EPOCH
}
