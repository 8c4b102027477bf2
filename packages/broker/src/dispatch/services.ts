/** All services that handlers may ask for. Put together in broker.ts, which alone knows how each is made. */
import type { Clock } from '@tidemark/platform'
import type { Authorizer } from '../auth/authorizer.ts'
import type { Mechanisms } from '../auth/mechanisms.ts'
import type { Users } from '../auth/users.ts'
import type { Groups } from '../coordinate/groups.ts'
import type { Configs } from '../metadata/configs.ts'
import type { Nodes } from '../metadata/nodes.ts'
import type { ProducerIds } from '../metadata/producer-ids.ts'
import type { Quotas } from '../metadata/quotas.ts'
import type { Telemetry } from '../metadata/telemetry.ts'
import type { Topics } from '../metadata/topics.ts'
import type { BrokerOptions } from '../options.ts'
import type { Partitions } from '../partition/partitions.ts'
import type { FetchSessions } from '../state/fetch/sessions.ts'
import type { OutputMemory } from './output-memory.ts'
import type { Throttle } from './throttle.ts'

export interface Services {
  readonly options: BrokerOptions
  readonly clusterId: string
  readonly clock: Clock
  readonly topics: Topics
  readonly nodes: Nodes
  readonly configs: Configs
  readonly quotas: Quotas
  readonly throttle: Throttle
  readonly telemetry: Telemetry
  readonly partitions: Partitions
  readonly groups: Groups
  readonly producerIds: ProducerIds
  /** Of the listener of this name. */
  mechanismsOf(listener: string): Mechanisms
  readonly users: Users
  readonly authorizer: Authorizer
  readonly outputMemory: OutputMemory
  readonly fetchSessions: FetchSessions
}
