/**
 * Decides whether a topic may be made, and as what: Kafka's `ReplicationControlManager.createTopic`, for a cluster of
 * one node.
 */
import { ErrorCode } from '@tidemark/protocol'
import type { Metadata } from '../cluster/metadata.ts'
import type { Config } from '../configs/definition.ts'
import { topicFault } from '../configs/topic-configs.ts'
import { collisionKey, isReserved, METADATA_TOPIC, nameFault } from './names.ts'
import { assignmentFault, type PlacedNode, type Placement, placed } from './placement.ts'

export interface Wish {
  readonly name: string
  /** -1: the default. */
  readonly numPartitions: number
  readonly replicationFactor: number
  readonly assignments: readonly { readonly partitionIndex: number; readonly brokerIds: readonly number[] }[]
  readonly configs: readonly { readonly name: string; readonly value: string | null }[]
}

export interface CreationRules {
  readonly metadata: Metadata
  /** The nodes that are up. */
  readonly nodes: readonly PlacedNode[]
  readonly numPartitions: number
  readonly topicsMax: number
  readonly partitionsMax: number
}

export type Decided =
  | {
      readonly kind: 'create'
      readonly name: string
      readonly partitions: number
      readonly configs: readonly Config[]
      readonly placement: Placement
    }
  | { readonly kind: 'refuse'; readonly code: number; readonly message: string }

const refuse = (code: number, message: string): Decided => ({ kind: 'refuse', code, message })

export function decideTopic(wish: Wish, rules: CreationRules): Decided {
  const refused =
    nameRefused(wish.name, rules.metadata) ??
    configsRefused(wish) ??
    shapeRefused(
      wish,
      rules.nodes.map(({ id }) => id),
    )
  if (refused !== undefined) return refused
  const partitions =
    wish.assignments.length > 0 ? wish.assignments.length : wish.numPartitions === -1 ? rules.numPartitions : wish.numPartitions
  const { metadata, topicsMax, partitionsMax } = rules
  if (metadata.byId.size >= topicsMax || metadata.partitions + partitions > partitionsMax) {
    return refuse(
      ErrorCode.POLICY_VIOLATION,
      `the broker may hold ${topicsMax} topics and ${partitionsMax} partitions (topicsMax, partitionsMax)`,
    )
  }
  return {
    kind: 'create',
    name: wish.name,
    partitions,
    configs: wish.configs as readonly Config[],
    placement: placementOf(wish, partitions, rules.nodes),
  }
}

/** Empty where there is nothing to choose. */
function placementOf({ assignments, replicationFactor }: Wish, partitions: number, nodes: readonly PlacedNode[]): Placement {
  if (nodes.length === 1) return []
  if (assignments.length === 0) return placed(partitions, Math.max(1, replicationFactor), nodes)
  return assignments.toSorted((a, b) => a.partitionIndex - b.partitionIndex).map(({ brokerIds }) => ({ nodes: [...brokerIds] }))
}

function nameRefused(name: string, metadata: Metadata): Decided | undefined {
  if (name === METADATA_TOPIC) return refuse(ErrorCode.INVALID_REQUEST, `Creation of internal topic ${METADATA_TOPIC} is prohibited.`)
  const fault = nameFault(name)
  if (fault !== undefined) return refuse(ErrorCode.INVALID_TOPIC_EXCEPTION, `Topic name is invalid: ${fault}`)
  if (metadata.byName.has(name)) return refuse(ErrorCode.TOPIC_ALREADY_EXISTS, `Topic '${name}' already exists.`)
  if (isReserved(name)) return refuse(ErrorCode.INVALID_TOPIC_EXCEPTION, `Topic '${name}' is kept for the broker itself.`)
  const other = metadata.collidingWith(collisionKey(name))
  if (other !== undefined) return refuse(ErrorCode.INVALID_TOPIC_EXCEPTION, `Topic '${name}' collides with existing topic: ${other}`)
  return undefined
}

function configsRefused(wish: Wish): Decided | undefined {
  for (const { name, value } of wish.configs) {
    const fault = topicFault({ name, value })
    if (fault !== undefined) return refuse(ErrorCode.INVALID_CONFIG, fault)
  }
  return undefined
}

function shapeRefused(wish: Wish, nodes: readonly number[]): Decided | undefined {
  const { numPartitions, replicationFactor, assignments } = wish
  if (assignments.length > 0) return assignmentsRefused(wish, nodes)
  if (replicationFactor < -1 || replicationFactor === 0) {
    return refuse(ErrorCode.INVALID_REPLICATION_FACTOR, 'Replication factor must be larger than 0, or -1 to use the default value.')
  }
  if (numPartitions < -1 || numPartitions === 0) {
    return refuse(ErrorCode.INVALID_PARTITIONS, 'Number of partitions was set to an invalid non-positive value.')
  }
  if (replicationFactor > nodes.length) {
    return refuse(
      ErrorCode.INVALID_REPLICATION_FACTOR,
      `Unable to replicate the partition ${replicationFactor} time(s): The target replication factor of ${replicationFactor} cannot be reached because only ${nodes.length} broker(s) are registered or some brokers have all their log directories cordoned.`,
    )
  }
  return undefined
}

function assignmentsRefused({ numPartitions, replicationFactor, assignments }: Wish, nodes: readonly number[]): Decided | undefined {
  if (replicationFactor !== -1) {
    return refuse(ErrorCode.INVALID_REQUEST, 'A manual partition assignment was specified, but replication factor was not set to -1.')
  }
  if (numPartitions !== -1) {
    return refuse(ErrorCode.INVALID_REQUEST, 'A manual partition assignment was specified, but numPartitions was not set to -1.')
  }
  const indexes = new Set(assignments.map((a) => a.partitionIndex))
  for (let i = 0; i < assignments.length; i++) {
    if (!indexes.has(i)) return refuse(ErrorCode.INVALID_REPLICA_ASSIGNMENT, 'partitions should be a consecutive 0-based integer sequence')
  }
  for (const { brokerIds } of assignments) {
    const fault = assignmentFault(brokerIds, nodes)
    if (fault !== undefined) return refuse(ErrorCode.INVALID_REPLICA_ASSIGNMENT, fault)
  }
  return undefined
}

export interface Growth {
  readonly count: number
  /** Those of the new partitions; null: they are left to the broker. */
  readonly assignments: readonly (readonly number[])[] | null
}

/**
 * Why a topic cannot get more partitions, as Kafka's `ReplicationControlManager.createPartitions`; undefined: it can.
 */
export function growthRefused(
  { name, partitions }: { readonly name: string; readonly partitions: number },
  { count, assignments }: Growth,
  rules: { readonly nodes: readonly number[]; readonly partitions: number; readonly partitionsMax: number },
): Extract<Decided, { kind: 'refuse' }> | undefined {
  const no = (code: number, message: string): Extract<Decided, { kind: 'refuse' }> => ({ kind: 'refuse', code, message })
  if (count === partitions) return no(ErrorCode.INVALID_PARTITIONS, `Topic already has ${partitions} partition(s).`)
  if (count < partitions) {
    return no(
      ErrorCode.INVALID_PARTITIONS,
      `The topic ${name} currently has ${partitions} partition(s); ${count} would not be an increase.`,
    )
  }
  const added = count - partitions
  if (rules.partitions + added > rules.partitionsMax) {
    return no(ErrorCode.POLICY_VIOLATION, `the broker may hold ${rules.partitionsMax} partitions (partitionsMax)`)
  }
  if (assignments === null) return undefined
  if (assignments.length !== added) {
    return no(
      ErrorCode.INVALID_REPLICA_ASSIGNMENT,
      `Attempted to add ${added} additional partition(s), but only ${assignments.length} assignment(s) were specified.`,
    )
  }
  const fault = assignments.map((brokers) => assignmentFault(brokers, rules.nodes)).find((it) => it !== undefined)
  return fault === undefined ? undefined : no(ErrorCode.INVALID_REPLICA_ASSIGNMENT, fault)
}
