/**
 * What the cluster knows of itself: a fold over the records of `__cluster_metadata`. `apply` alone changes it, live and
 * when the log is read back.
 */
import { codecOf, fields, message, Reader, Writer } from '@tidemark/protocol'
import type { LogPoint } from '../log/point.ts'
import { collisionKey } from '../topics/names.ts'
import {
  type Acl,
  aclFields,
  configsFields,
  type MetadataRecord,
  type Quota,
  quotaFields,
  type ResourceConfigs,
  type ScramCredential,
  scramFields,
  type Topic,
  topicFields,
} from './records.ts'

const { array, bytes, int32, int64, offset } = fields

const MetadataCheckpoint = message(
  'MetadataCheckpoint',
  { versions: '0', flexible: '0+' },
  {
    reaches: offset(),
    /** Of the last batch below that. */
    lastCrc: int32(),
    leaderEpoch: int32(),
    nextProducerId: int64(),
    topics: array(topicFields),
    configs: array(configsFields, { tag: 0, default: [] }),
    quotas: array(quotaFields, { tag: 1, default: [] }),
    scram: array(scramFields, { tag: 2, default: [] }),
    acls: array(aclFields, { tag: 3, default: [] }),
    scramSecret: bytes({ nullable: '0+', default: null, tag: 4 }),
  },
)
const VERSION = 0

/** Whether the topic has the partition: the one check of a partition number from the wire. */
export const hasPartition = ({ partitions }: Topic, index: number): boolean => Number.isInteger(index) && index >= 0 && index < partitions

const resourceKey = (type: number, name: string): string => `${type} ${name}`
const scramKey = ({ name, mechanism }: Pick<ScramCredential, 'name' | 'mechanism'>): string => `${mechanism} ${name}`
export const aclKey = (a: Acl): string =>
  JSON.stringify([a.resourceType, a.resourceName, a.patternType, a.principal, a.host, a.operation, a.permissionType])
export const quotaKey = (entity: Quota['entity']): string => JSON.stringify(entity.map(({ type, name }) => [type, name]))

export class Metadata {
  /** -1 before the first start. */
  leaderEpoch = -1
  nextProducerId = 0n
  partitions = 0
  readonly byId = new Map<string, Topic>()
  readonly byName = new Map<string, Topic>()
  /** Of resources that are not topics. */
  readonly #configs = new Map<string, ResourceConfigs>()
  readonly quotas = new Map<string, Quota>()
  readonly #scram = new Map<string, ScramCredential>()
  /** Grows with each change of them. */
  scramVersion = 0
  /** Of what salts of users who do not exist are made; null: it was not needed yet. */
  scramSecret: Buffer | null = null
  readonly acls = new Map<string, Acl>()
  /** Grows with each change of them. */
  aclsVersion = 0
  /** Names as metrics would write them: two topics may not share one. */
  readonly #byCollisionKey = new Map<string, string>()

  apply(record: MetadataRecord): void {
    switch (record.kind) {
      case 'start':
        this.leaderEpoch = record.leaderEpoch
        if (record.scramSecret) this.scramSecret = Buffer.from(record.scramSecret)
        return
      case 'producerIds':
        this.nextProducerId = record.nextProducerId
        return
      case 'topic':
        this.#add(bare(record))
        return
      case 'removeTopic':
        this.#remove(record.id)
        return
      case 'configs': {
        const key = resourceKey(record.resourceType, record.resourceName)
        if (record.configs.length === 0) this.#configs.delete(key)
        else this.#configs.set(key, bare(record))
        return
      }
      case 'quota': {
        const key = quotaKey(record.entity)
        if (record.values.length === 0) this.quotas.delete(key)
        else this.quotas.set(key, bare(record))
        return
      }
      case 'scram':
        this.scramVersion++
        this.#scram.set(scramKey(record), bare(record))
        return
      case 'removeScram':
        this.scramVersion++
        this.#scram.delete(scramKey(record))
        return
      case 'acl':
        this.aclsVersion++
        this.acls.set(aclKey(record), bare(record))
        return
      case 'removeAcl':
        this.aclsVersion++
        this.acls.delete(aclKey(record))
    }
  }

  #add(topic: Topic): void {
    this.partitions += topic.partitions - (this.byId.get(topic.id)?.partitions ?? 0)
    this.byId.set(topic.id, topic)
    this.byName.set(topic.name, topic)
    this.#byCollisionKey.set(collisionKey(topic.name), topic.name)
  }

  #remove(id: string): void {
    const topic = this.byId.get(id)
    if (topic === undefined) return
    this.byId.delete(topic.id)
    this.byName.delete(topic.name)
    this.#byCollisionKey.delete(collisionKey(topic.name))
    this.partitions -= topic.partitions
  }

  /** The topic whose name has this collision key. */
  collidingWith(key: string): string | undefined {
    return this.#byCollisionKey.get(key)
  }

  /** The values that a resource which is not a topic has of its own. */
  configsOf(resourceType: number, resourceName: string): ResourceConfigs['configs'] {
    return this.#configs.get(resourceKey(resourceType, resourceName))?.configs ?? []
  }

  /** Names of resources of this type that have values of their own. */
  configured(resourceType: number): string[] {
    return [...this.#configs.values()].filter((it) => it.resourceType === resourceType).map((it) => it.resourceName)
  }

  scram(name: string, mechanism: number): ScramCredential | undefined {
    return this.#scram.get(scramKey({ name, mechanism }))
  }

  /** All credentials, by the names of their users. */
  allScram(): ScramCredential[] {
    return [...this.#scram.values()].sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : a.mechanism - b.mechanism))
  }

  /** The records that make this state of an empty one. */
  records(): MetadataRecord[] {
    const { leaderEpoch, nextProducerId, scramSecret } = this
    return [
      { kind: 'start', leaderEpoch, startedMs: -1, scramSecret },
      { kind: 'producerIds', nextProducerId },
      ...Array.from(this.byId.values(), (topic) => ({ kind: 'topic', ...topic }) as const),
      ...Array.from(this.#configs.values(), (configs) => ({ kind: 'configs', ...configs }) as const),
      ...Array.from(this.quotas.values(), (quota) => ({ kind: 'quota', ...quota }) as const),
      ...Array.from(this.#scram.values(), (scram) => ({ kind: 'scram', ...scram }) as const),
      ...Array.from(this.acls.values(), (acl) => ({ kind: 'acl', ...acl }) as const),
    ]
  }

  /** All of it, and the offset it reaches: what a restart begins with. */
  checkpoint({ reaches, lastCrc }: LogPoint): Buffer {
    const { leaderEpoch, nextProducerId, scramSecret } = this
    const w = new Writer()
    codecOf(MetadataCheckpoint, VERSION).encode(w, {
      reaches,
      lastCrc,
      leaderEpoch,
      nextProducerId,
      topics: [...this.byId.values()],
      configs: [...this.#configs.values()],
      quotas: [...this.quotas.values()],
      scram: [...this.#scram.values()],
      acls: [...this.acls.values()],
      scramSecret,
    })
    return Buffer.from(w.written())
  }

  /** Returns the point of the log that the checkpoint reaches. */
  restore(checkpoint: Buffer): LogPoint {
    const { reaches, lastCrc, leaderEpoch, nextProducerId, topics, configs, quotas, scram, acls, scramSecret } = codecOf(
      MetadataCheckpoint,
      VERSION,
    ).decode(new Reader(checkpoint))
    if (scramSecret !== null) this.scramSecret = Buffer.from(scramSecret)
    this.leaderEpoch = leaderEpoch
    this.nextProducerId = nextProducerId
    for (const topic of topics) this.#add(topic)
    for (const it of configs) this.apply({ kind: 'configs', ...it })
    for (const it of quotas) this.apply({ kind: 'quota', ...it })
    for (const it of scram)
      this.apply({
        kind: 'scram',
        ...it,
        salt: Buffer.from(it.salt),
        storedKey: Buffer.from(it.storedKey),
        serverKey: Buffer.from(it.serverKey),
      })
    for (const it of acls) this.apply({ kind: 'acl', ...it })
    return { reaches, lastCrc }
  }
}

function bare<R extends { readonly kind: string }>(record: R): Omit<R, 'kind'> {
  const { kind: _, ...rest } = record
  return rest
}
