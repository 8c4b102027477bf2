/**
 * The view that Metadata answers add up to. Pure: answers go in, changes come out.
 *
 * Invariant (KIP-320): within one topic id, the view of a partition never goes back to an older leader epoch. The last
 * epochs outlive an answer that does not know the topic, since a broker that lags behind gives such answers too.
 */
import { ErrorCode, type MetadataResponse, ZERO_UUID } from '@tidemark/protocol'
import type { PartitionView, TopicView } from './types.ts'

type TopicAnswer = MetadataResponse['topics'][number]

export class View {
  readonly #topics = new Map<string, TopicView>()
  readonly #seen = new Map<string, TopicView>()

  topic(name: string): TopicView | undefined {
    return this.#topics.get(name)
  }

  names(): IterableIterator<string> {
    return this.#topics.keys()
  }

  leader(name: string, partition: number): { readonly nodeId: number; readonly epoch: number } | undefined {
    const found = this.#topics.get(name)?.partitions[partition]
    return found === undefined || found.leader < 0 ? undefined : { nodeId: found.leader, epoch: found.leaderEpoch }
  }

  forget(name: string): void {
    this.#topics.delete(name)
    this.#seen.delete(name)
  }

  /** Takes one topic of an answer in; true if anything that matters to a reader or writer changed. */
  apply(name: string, answer: TopicAnswer): boolean {
    const before = this.#topics.get(name)
    const after = merge(name, this.#seen.get(name), answer)
    this.#topics.set(name, after)
    if (after.partitions.length > 0) this.#seen.set(name, after)
    return before === undefined ? after.errorCode === 0 : differ(before, after)
  }

  /** A broker said who leads now (KIP-951); ignored unless its epoch is newer. */
  leaderMoved(name: string, partition: number, leader: number, leaderEpoch: number): boolean {
    const topic = this.#topics.get(name)
    const known = topic?.partitions[partition]
    if (topic === undefined || known === undefined || leader < 0 || leaderEpoch <= known.leaderEpoch) return false
    const after = { ...topic, partitions: topic.partitions.with(partition, { ...known, leader, leaderEpoch }) }
    this.#topics.set(name, after)
    this.#seen.set(name, after)
    return true
  }
}

function merge(name: string, seen: TopicView | undefined, answer: TopicAnswer): TopicView {
  const head = { name, id: answer.topicId, errorCode: answer.errorCode, internal: answer.isInternal }
  if (answer.errorCode !== 0) return { ...head, partitions: [] }
  const sameTopic = seen !== undefined && (seen.id === answer.topicId || seen.id === ZERO_UUID || answer.topicId === ZERO_UUID)
  const partitions = answer.partitions.map((p) => partitionOf(p, sameTopic ? seen.partitions[p.partitionIndex] : undefined))
  partitions.sort((a, b) => a.partition - b.partition)
  // Partitions are indexed by number, so an answer with a gap in its numbers cannot be used.
  const whole = partitions.every((p, i) => p.partition === i)
  return whole ? { ...head, partitions } : { ...head, errorCode: ErrorCode.LEADER_NOT_AVAILABLE, partitions: [] }
}

function partitionOf(answer: TopicAnswer['partitions'][number], seen: PartitionView | undefined): PartitionView {
  if (seen !== undefined && answer.leaderEpoch >= 0 && answer.leaderEpoch < seen.leaderEpoch) return seen
  return {
    partition: answer.partitionIndex,
    leader: answer.errorCode === ErrorCode.LEADER_NOT_AVAILABLE ? -1 : answer.leaderId,
    leaderEpoch: answer.leaderEpoch,
    replicas: answer.replicaNodes,
    isr: answer.isrNodes,
  }
}

function differ(before: TopicView, after: TopicView): boolean {
  if (before.id !== after.id || before.errorCode !== after.errorCode) return true
  if (before.partitions.length !== after.partitions.length) return true
  return after.partitions.some((p, i) => {
    const was = before.partitions[i]!
    return was.leader !== p.leader || was.leaderEpoch !== p.leaderEpoch || String(was.replicas) !== String(p.replicas)
  })
}
