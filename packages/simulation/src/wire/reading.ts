/** What the messages of the group protocol say, in the world's own terms. */
import { readCompletionMap } from '@tidemark/consumer'
import {
  ConsumerProtocolAssignment,
  ConsumerProtocolSubscription,
  codecOf,
  type JoinGroupRequest,
  type OffsetCommitRequest,
  type OffsetCommitResponse,
  type OffsetFetchResponse,
  Reader,
  type SyncGroupResponse,
} from '@tidemark/protocol'
import { type FinishedIn, type Place, placeOf } from '../facts.ts'
import type { TopicNames } from './topic-names.ts'

export const generationIn = (body: any): number | undefined => body.generationId ?? body.generationIdOrMemberEpoch

/** Every error code of an answer to a request of a member. */
export function codesIn(answer: Partial<OffsetCommitResponse> & { errorCode?: number }): number[] {
  if (answer.errorCode !== undefined) return [answer.errorCode]
  return (answer as OffsetCommitResponse).topics.flatMap((t) => t.partitions.map((p) => p.errorCode))
}

export interface Committing {
  readonly offsets: Map<Place, number>
  readonly finished: FinishedIn[]
}

export function committingIn(commit: OffsetCommitRequest, names: TopicNames): Committing {
  const offsets = new Map<Place, number>()
  const finished: FinishedIn[] = []
  for (const t of commit.topics) {
    const topic = names.of(t.name, t.topicId)
    for (const p of t.partitions) {
      const place = placeOf(topic, p.partitionIndex)
      offsets.set(place, p.committedOffset)
      finished.push(...finishedOf(place, p.committedMetadata))
    }
  }
  return { offsets, finished }
}

/** The part of a commit that was accepted. */
export function acceptedIn(commit: Committing, answer: OffsetCommitResponse, names: TopicNames): Committing {
  const places = new Set<Place>()
  for (const t of answer.topics) {
    const topic = names.of(t.name, t.topicId)
    for (const p of t.partitions) if (p.errorCode === 0) places.add(placeOf(topic, p.partitionIndex))
  }
  return {
    offsets: new Map([...commit.offsets].filter(([place]) => places.has(place))),
    finished: commit.finished.filter((f) => places.has(f.place)),
  }
}

export interface CommittedPlace {
  readonly place: Place
  readonly offset: number
  readonly metadata: string | null
}

export function committedIn(answer: OffsetFetchResponse, names: TopicNames): CommittedPlace[] {
  const topics: readonly { name: string; topicId?: string; partitions: OffsetFetchResponse['topics'][0]['partitions'] }[] =
    answer.groups[0]?.topics ?? answer.topics
  return topics.flatMap((t) => {
    const topic = names.of(t.name, t.topicId)
    return t.partitions
      .filter((p) => p.errorCode === 0)
      .map((p) => ({ place: placeOf(topic, p.partitionIndex), offset: p.committedOffset, metadata: p.metadata }))
  })
}

export function finishedOf(place: Place, metadata: string | null): FinishedIn[] {
  const finished = readCompletionMap(metadata ?? '')
  return finished === undefined ? [] : [{ place, ...finished }]
}

export function ownedIn(join: JoinGroupRequest): Place[] {
  const bytes = join.protocols[0]?.metadata
  if (bytes === undefined) return []
  const r = new Reader(bytes)
  return codecOf(ConsumerProtocolSubscription, r.int16())
    .decode(r)
    .ownedPartitions.flatMap((t) => t.partitions.map((partition) => placeOf(t.topic, partition)))
}

/** What a member says when it joins: its topics, and where it is. */
export function subscriptionIn(metadata: Uint8Array): { readonly topics: readonly string[]; readonly rack: string | undefined } {
  const r = new Reader(metadata)
  const { topics, rackId } = codecOf(ConsumerProtocolSubscription, r.int16()).decode(r)
  return { topics, rack: rackId ?? undefined }
}

export const assignedIn = (answer: SyncGroupResponse): Place[] => assignmentIn(answer.assignment)

export function assignmentIn(assignment: Uint8Array): Place[] {
  if (assignment.length === 0) return []
  const r = new Reader(assignment)
  return codecOf(ConsumerProtocolAssignment, r.int16())
    .decode(r)
    .assignedPartitions.flatMap((t) => t.partitions.map((partition) => placeOf(t.topic, partition)))
}
