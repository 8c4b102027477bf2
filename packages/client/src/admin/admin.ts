/** The administration of a cluster, resource by resource. */

import type { Kafka } from '../kafka.ts'
import { handleOf } from '../kafka.ts'
import { type Acls, aclsOf } from './acls.ts'
import { type ClusterInfo, clusterInfoOf } from './cluster-info.ts'
import { type Configs, configsOf } from './configs.ts'
import { type Groups, groupsOf } from './groups.ts'
import { type Quotas, quotasOf } from './quotas.ts'
import { type Topics, topicsOf } from './topics.ts'
import { type Users, usersOf } from './users.ts'

export interface Admin {
  readonly topics: Topics
  readonly groups: Groups
  readonly configs: Configs
  readonly quotas: Quotas
  readonly acls: Acls
  readonly users: Users
  readonly cluster: ClusterInfo
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
  configs: configsOf(handleOf(kafka).cluster),
  quotas: quotasOf(handleOf(kafka).cluster),
  acls: aclsOf(handleOf(kafka).cluster),
  users: usersOf(handleOf(kafka).cluster),
  cluster: clusterInfoOf(handleOf(kafka).cluster),
})
