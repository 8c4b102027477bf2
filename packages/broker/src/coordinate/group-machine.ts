/** Groups and committed offsets as a state machine of the coordinator runtime. A key is a group id. */
import { fromCheckpoint, takeCheckpoint } from '../state/group/checkpoint.ts'
import { expire } from '../state/group/expire.ts'
import { type CoordinatorRecord, decodeRecord, encodeRecord } from '../state/group/records.ts'
import { Shard } from '../state/group/shard.ts'
import type { GroupLimits, GroupTimer, Turn } from '../state/group/turn.ts'
import type { Machine } from './machine.ts'

export type GroupMachine = Machine<Shard, CoordinatorRecord, GroupTimer, Turn>

export const groupMachine = (limits: GroupLimits, mayCreateGroup: () => boolean): GroupMachine => ({
  fresh: () => new Shard(),
  turn: (now, decision) => ({ now, decision, limits, mayCreateGroup }),
  apply: (shard, record) => shard.apply(record),
  encode: encodeRecord,
  decode: decodeRecord,
  checkpoint: takeCheckpoint,
  restore(bytes) {
    const { shard, point } = fromCheckpoint(bytes)
    return { state: shard, point }
  },
  records: (shard) => shard.records(),
  size: (shard) => shard.size,
  keys: (shard) => shard.keys(),
  keyOf: ({ groupId }) => groupId,
  revive: (shard, groupId, turn) => shard.revive(groupId, turn),
  expire,
})
