/** Topics and groups of a cluster: list, describe, create, delete. */

import type { Kafka } from '../kafka.ts'
import { handleOf } from '../kafka.ts'
import { type Groups, groupsOf } from './groups.ts'
import { type Topics, topicsOf } from './topics.ts'

export interface Admin {
  readonly topics: Topics
  readonly groups: Groups
}

/**
 * It has no resources of its own and needs no closing.
 *
 * ```ts
 * await createAdmin(kafka).groups.offsets('billing')   // [{ topic: 'orders', partition: 0, offset: 17, leaderEpoch: 0, metadata: '' }]
 * ```
 */
export const createAdmin = (kafka: Kafka): Admin => ({
  topics: topicsOf(handleOf(kafka).cluster),
  groups: groupsOf(handleOf(kafka).cluster),
})
