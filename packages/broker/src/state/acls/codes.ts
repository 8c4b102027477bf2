/** Kafka's codes: `AclOperation`, `ResourceType`, `PatternType`, `AclPermissionType`. */
export const Operation = {
  ANY: 1,
  ALL: 2,
  READ: 3,
  WRITE: 4,
  CREATE: 5,
  DELETE: 6,
  ALTER: 7,
  DESCRIBE: 8,
  CLUSTER_ACTION: 9,
  DESCRIBE_CONFIGS: 10,
  ALTER_CONFIGS: 11,
  IDEMPOTENT_WRITE: 12,
  CREATE_TOKENS: 13,
  DESCRIBE_TOKENS: 14,
  TWO_PHASE_COMMIT: 15,
} as const
export type Operation = (typeof Operation)[keyof typeof Operation]

export const Resource = { ANY: 1, TOPIC: 2, GROUP: 3, CLUSTER: 4, TRANSACTIONAL_ID: 5, DELEGATION_TOKEN: 6, USER: 7 } as const
export const Pattern = { ANY: 1, MATCH: 2, LITERAL: 3, PREFIXED: 4 } as const
export const Permission = { ANY: 1, DENY: 2, ALLOW: 3 } as const

/** The name that stands for every resource of a type, every host, and, behind `User:`, every user. */
export const WILDCARD = '*'
/** Kafka's `Resource.CLUSTER_NAME`. */
export const CLUSTER_NAME = 'kafka-cluster'

/** Which operations each type of resource has (Kafka's `AclEntry.supportedOperations`). */
export const SUPPORTED: Readonly<Record<number, readonly number[]>> = {
  [Resource.TOPIC]: [
    Operation.READ,
    Operation.WRITE,
    Operation.CREATE,
    Operation.DESCRIBE,
    Operation.DELETE,
    Operation.ALTER,
    Operation.DESCRIBE_CONFIGS,
    Operation.ALTER_CONFIGS,
  ],
  [Resource.GROUP]: [Operation.READ, Operation.DESCRIBE, Operation.DELETE, Operation.DESCRIBE_CONFIGS, Operation.ALTER_CONFIGS],
  [Resource.CLUSTER]: [
    Operation.CREATE,
    Operation.CLUSTER_ACTION,
    Operation.DESCRIBE_CONFIGS,
    Operation.ALTER_CONFIGS,
    Operation.IDEMPOTENT_WRITE,
    Operation.ALTER,
    Operation.DESCRIBE,
  ],
  [Resource.TRANSACTIONAL_ID]: [Operation.DESCRIBE, Operation.WRITE, Operation.TWO_PHASE_COMMIT],
  [Resource.DELEGATION_TOKEN]: [Operation.DESCRIBE],
  [Resource.USER]: [Operation.CREATE_TOKENS, Operation.DESCRIBE_TOKENS],
}
