/** What handlers may use. Put together in broker.ts, which alone knows how each is made. */
import type { Platform } from '@tidemark/platform'
import type { BrokerOptions } from '../options.ts'
import type { Groups } from '../perform/coordinator/groups.ts'
import type { Partitions } from '../perform/partitions.ts'
import type { ProducerIds } from '../perform/producer-ids.ts'
import type { Topics } from '../perform/topics.ts'
import type { OutputMemory } from './output-memory.ts'

export interface Services {
  readonly options: BrokerOptions
  readonly clusterId: string
  readonly platform: Platform
  readonly topics: Topics
  readonly partitions: Partitions
  readonly groups: Groups
  readonly producerIds: ProducerIds
  readonly outputMemory: OutputMemory
}
