/**
 * One coordinator partition: its groups and committed offsets (Kafka's GroupCoordinatorShard).
 *
 * `stored` and `offsets` are the fold over the partition's records, and only `apply` changes them, live and when the log is read
 * back: checkpoint plus tail equals full replay. `groups` is what lives on top: every group that has a record or an offset, with
 * the requests that wait. Decisions change it; `revive` rebuilds it from the fold.
 */
import { Offsets } from '../offsets/offsets.ts'
import { Group } from './group.ts'
import type { StoredGroup } from './group-records.ts'
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

  /** After the log was read back: groups are as last written, sessions start afresh, nobody has to rejoin. */
  revive(turn: Turn): void {
    const nowMs = turn.now.wallMs
    for (const [groupId, stored] of this.stored) this.groups.set(groupId, Group.fromStored(groupId, stored, nowMs))
    for (const groupId of this.offsets.groups()) {
      if (!this.groups.has(groupId)) this.groups.set(groupId, new Group(groupId, nowMs))
    }
    for (const group of this.groups.values()) {
      for (const member of group.members.values()) renewSession(group, member, turn)
      // The limit was lowered: the last to rejoin is the one that is too many.
      if (group.members.size > turn.limits.sizeMax) beginRebalance(group, turn)
    }
  }
}
