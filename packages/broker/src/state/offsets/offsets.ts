/**
 * The committed offsets of all groups of one coordinator partition: group, topic, partition. Only `Shard.apply`
 * changes them.
 */
import type { OffsetKey, StoredOffset } from '@tidemark/protocol'

export type OffsetsOfTopic = ReadonlyMap<number, StoredOffset>
export type OffsetsOfGroup = ReadonlyMap<string, OffsetsOfTopic>

export class Offsets {
  readonly #byGroup = new Map<string, Map<string, Map<number, StoredOffset>>>()
  size = 0

  of(group: string): OffsetsOfGroup | undefined {
    return this.#byGroup.get(group)
  }

  get(group: string, topic: string, partition: number): StoredOffset | undefined {
    return this.#byGroup.get(group)?.get(topic)?.get(partition)
  }

  groups(): Iterable<string> {
    return this.#byGroup.keys()
  }

  put(key: OffsetKey, value: StoredOffset): void {
    let ofGroup = this.#byGroup.get(key.group)
    if (ofGroup === undefined) this.#byGroup.set(key.group, (ofGroup = new Map()))
    let ofTopic = ofGroup.get(key.topic)
    if (ofTopic === undefined) ofGroup.set(key.topic, (ofTopic = new Map()))
    const before = ofTopic.size
    ofTopic.set(key.partition, value)
    this.size += ofTopic.size - before
  }

  remove({ group, topic, partition }: OffsetKey): void {
    const ofGroup = this.#byGroup.get(group)
    const ofTopic = ofGroup?.get(topic)
    if (ofGroup === undefined || ofTopic?.delete(partition) !== true) return
    this.size--
    if (ofTopic.size === 0) ofGroup.delete(topic)
    if (ofGroup.size === 0) this.#byGroup.delete(group)
  }
}
