/** How requests name a topic: by name, or from some version on by id. */
import { ErrorCode, ZERO_UUID } from '@tidemark/protocol'
import type { Topic, Topics } from '../metadata/topics.ts'

export interface NamedTopic {
  readonly name: string
  readonly topicId: string
}

/** The topic, or the error code that says why there is none. */
export function findTopic(topics: Topics, by: NamedTopic, usesIds: boolean): Topic | number {
  if (!usesIds) return topics.byName(by.name) ?? ErrorCode.UNKNOWN_TOPIC_OR_PARTITION
  if (by.topicId === ZERO_UUID) return ErrorCode.UNKNOWN_TOPIC_ID
  return topics.byId(by.topicId) ?? ErrorCode.UNKNOWN_TOPIC_ID
}
