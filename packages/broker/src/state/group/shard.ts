/**
 * One coordinator partition: its groups and committed offsets (Kafka's GroupCoordinatorShard).
 *
 * `stored` and `offsets` are the fold over the partition's records, and only `apply` changes them, live and when the
 * log is read back: checkpoint plus tail equals full replay. `groups` is what lives on top: every group that has a
 * record or an offset, with the requests that wait. Decisions change it; `revive` rebuilds it from the fold.
 */

import type { StoredGroup } from '@tidemark/protocol'
import { Offsets } from '../offsets/offsets.ts'
import { Group } from './group.ts'
import { beginRebalance, renewSession } from './rebalance.ts'
import type { CoordinatorRecord } from './records.ts'
import type { Turn } from './turn.ts'

export class Shard {
  readonly stored = new Map<string, StoredGroup>()
  readonly offsets = new Offsets()
  readonly groups = new Map<string, Group>()

  /** Entries of the fold: what a checkpoint has to hold. */
  get size(): number {
    return this.stored.size + this.offsets.size
  }

  apply(record: CoordinatorRecord): void {
    if (record.kind === 'offset') {
      if (record.value === null) this.offsets.remove(record.key)
      else this.offsets.put(record.key, record.value)
    } else if (record.value === null) this.stored.delete(record.groupId)
    else this.stored.set(record.groupId, record.value)
  }

  /** The groups that have a record, an offset or members. */
  keys(): Iterable<string> {
    return new Set([...this.stored.keys(), ...this.offsets.groups(), ...this.groups.keys()])
  }

  /** The records that make this fold of an empty one, in its order. */
  *records(): Generator<CoordinatorRecord> {
    for (const [groupId, value] of this.stored) yield { kind: 'group', groupId, value }
    for (const group of this.offsets.groups()) {
      for (const [topic, ofTopic] of this.offsets.of(group)!) {
        for (const [partition, value] of ofTopic) yield { kind: 'offset', key: { group, topic, partition }, value }
      }
    }
  }

  /**
   * Makes a group anew from the fold, as after a restart: it is as last written, sessions start afresh, no member has
   * to rejoin.
   */
  revive(groupId: string, turn: Turn): void {
    this.groups.delete(groupId)
    const stored = this.stored.get(groupId)
    if (stored === undefined && this.offsets.of(groupId) === undefined) return
    const nowMs = turn.now.wallMs
    const group = stored === undefined ? new Group(groupId, nowMs) : Group.fromStored(groupId, stored, nowMs)
    this.groups.set(groupId, group)
    for (const member of group.members.values()) renewSession(group, member, turn)
    // The limit was lowered: the last to rejoin is the one that is too many.
    if (group.members.size > turn.limits.sizeMax) beginRebalance(group, turn)
  }
}
