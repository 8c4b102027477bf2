/**
 * The records of `__cluster_metadata`. A record is one value without a key: `kind int16, version int16, fields`. What a
 * record says of a thing replaces what an earlier one said of it.
 */
import { codecOf, fields, type Infer, type Message, message, Reader, type RecordToWrite, Writer } from '@tidemark/protocol'

const { array, bool, bytes, float64, int8, int32, int64, offset, string, uuid } = fields

const first = { versions: '0', flexible: '0+' } as const

export const topicFields = {
  id: uuid(),
  name: string(),
  partitions: int32(),
  internal: bool(),
  createdMs: offset(),
  configs: array({ name: string(), value: string() }),
  /** The nodes of each partition's replicas; empty in a cluster of one node. */
  placement: array({ nodes: array(int32()) }, { tag: 0, default: [] }),
}
export const configsFields = {
  /** Kafka's `ConfigResource.Type`. */
  resourceType: int8(),
  resourceName: string(),
  configs: array({ name: string(), value: string() }),
}
export const quotaFields = {
  /** A name of null is the default of its type. In the order of the types. */
  entity: array({ type: string(), name: string({ nullable: '0+' }) }),
  values: array({ key: string(), value: float64() }),
}
export const scramFields = {
  name: string(),
  /** Kafka's `ScramMechanism`: 1 SCRAM-SHA-256, 2 SCRAM-SHA-512. */
  mechanism: int8(),
  iterations: int32(),
  salt: bytes(),
  storedKey: bytes(),
  serverKey: bytes(),
}
export const aclFields = {
  /** Kafka's codes of `ResourceType`, `PatternType`, `AclOperation` and `AclPermissionType`. */
  resourceType: int8(),
  resourceName: string(),
  patternType: int8(),
  principal: string(),
  host: string(),
  operation: int8(),
  permissionType: int8(),
}

/** Of what salts of users who do not exist are made; null: nothing new is said of it. */
export const scramSecretField = bytes({ nullable: '0+', default: null, tag: 0 })

const TopicRecord = message('TopicRecord', first, topicFields)
const RemoveTopicRecord = message('RemoveTopicRecord', first, { id: uuid() })
/** A start of the broker: from here on every partition is led in this epoch. */
const StartRecord = message('StartRecord', first, {
  leaderEpoch: int32(),
  startedMs: offset(),
  scramSecret: scramSecretField,
})
/** Producer ids below this one may have been assigned. */
const ProducerIdsRecord = message('ProducerIdsRecord', first, { nextProducerId: int64() })
/** All configurations of a resource that is not a topic; none: it has no values of its own. */
const ConfigsRecord = message('ConfigsRecord', first, configsFields)
/** All quotas of an entity; none: it has none. */
const QuotaRecord = message('QuotaRecord', first, quotaFields)
const ScramRecord = message('ScramRecord', first, scramFields)
const RemoveScramRecord = message('RemoveScramRecord', first, { name: string(), mechanism: int8() })
const AclRecord = message('AclRecord', first, aclFields)
const RemoveAclRecord = message('RemoveAclRecord', first, aclFields)

export type Topic = Readonly<Infer<typeof TopicRecord>>
export type ResourceConfigs = Readonly<Infer<typeof ConfigsRecord>>
export type Quota = Readonly<Infer<typeof QuotaRecord>>
export type ScramCredential = Readonly<Infer<typeof ScramRecord>>
export type Acl = Readonly<Infer<typeof AclRecord>>

export type MetadataRecord =
  | ({ readonly kind: 'topic' } & Topic)
  | { readonly kind: 'removeTopic'; readonly id: string }
  | { readonly kind: 'start'; readonly leaderEpoch: number; readonly startedMs: number; readonly scramSecret?: Buffer | null }
  | { readonly kind: 'producerIds'; readonly nextProducerId: bigint }
  | ({ readonly kind: 'configs' } & ResourceConfigs)
  | ({ readonly kind: 'quota' } & Quota)
  | ({ readonly kind: 'scram' } & ScramCredential)
  | { readonly kind: 'removeScram'; readonly name: string; readonly mechanism: number }
  | ({ readonly kind: 'acl' } & Acl)
  | ({ readonly kind: 'removeAcl' } & Acl)

const kinds: Record<MetadataRecord['kind'], { readonly number: number; readonly message: Message<any> }> = {
  start: { number: 1, message: StartRecord },
  topic: { number: 2, message: TopicRecord },
  removeTopic: { number: 3, message: RemoveTopicRecord },
  producerIds: { number: 4, message: ProducerIdsRecord },
  configs: { number: 5, message: ConfigsRecord },
  quota: { number: 6, message: QuotaRecord },
  scram: { number: 7, message: ScramRecord },
  removeScram: { number: 8, message: RemoveScramRecord },
  acl: { number: 9, message: AclRecord },
  removeAcl: { number: 10, message: RemoveAclRecord },
}
const VERSION = 0

export function encodeMetadata(record: MetadataRecord, timestampMs: number): RecordToWrite {
  const { number, message: declared } = kinds[record.kind]
  const w = new Writer(128)
  w.int16(number)
  w.int16(VERSION)
  codecOf(declared, VERSION).encode(w, record as never)
  return { key: null, value: Buffer.from(w.written()), timestampMs }
}

/** Throws `WireError` for a record that is not one of ours. */
export function decodeMetadata(value: Buffer): MetadataRecord {
  const r = new Reader(value)
  const number = r.int16()
  const version = r.int16()
  for (const [kind, row] of Object.entries(kinds)) {
    if (row.number === number) return { kind, ...codecOf(row.message, version).decode(r) } as MetadataRecord
  }
  throw new RangeError(`__cluster_metadata has a record of kind ${number}, which this version does not know`)
}
