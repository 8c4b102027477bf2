/** Where a group stands: for every partition it has to do with, what is committed, where the log ends, and who owns it. */
import { createAdmin, type Kafka } from '@tidemark/client'

export interface Owner {
  readonly memberId: string
  readonly clientId: string
  readonly host: string
}

export interface GroupPosition {
  readonly topic: string
  readonly partition: number
  /** Null: the group has nothing on record here. */
  readonly committed: number | null
  /** The high watermark: the offset that the next record gets. */
  readonly end: number
  /** Records between the two; from the start of the log where nothing is committed. Never below 0. */
  readonly lag: number
  readonly metadata: string | null
  readonly owner: Owner | null
}

export interface GroupPositions {
  readonly state: string
  readonly members: readonly (Owner & { readonly instanceId: string | null })[]
  readonly positions: readonly GroupPosition[]
}

/** Rejects with `TidemarkError` UNKNOWN_GROUP if there is no such group. */
export async function groupPositions(kafka: Kafka, group: string): Promise<GroupPositions> {
  const admin = createAdmin(kafka)
  const [described, committed] = await Promise.all([admin.groups.describe(group), admin.groups.offsets(group)])
  const owners = new Map<string, Owner>()
  for (const { memberId, clientId, host, assignment } of described.members) {
    for (const p of assignment) owners.set(`${p.topic}\n${p.partition}`, { memberId, clientId, host })
  }
  const offsets = new Map(committed.map((c) => [`${c.topic}\n${c.partition}`, c]))
  const places = new Map<string, Set<number>>()
  for (const key of [...owners.keys(), ...offsets.keys()]) {
    const [topic, partition] = key.split('\n') as [string, string]
    places.set(topic, (places.get(topic) ?? new Set()).add(Number(partition)))
  }
  const positions: GroupPosition[] = []
  for (const topic of [...places.keys()].sort()) {
    const partitions = [...places.get(topic)!].sort((a, b) => a - b)
    const [starts, ends] = await Promise.all([
      admin.topics.offsets(topic, 'earliest', { partitions }),
      admin.topics.offsets(topic, 'latest', { partitions }),
    ])
    partitions.forEach((partition, i) => {
      const key = `${topic}\n${partition}`
      const known = offsets.get(key)
      const end = ends[i]!.offset
      const from = known?.offset ?? starts[i]!.offset
      positions.push({
        topic,
        partition,
        committed: known?.offset ?? null,
        end,
        lag: Math.max(0, end - from),
        metadata: known?.metadata ?? null,
        owner: owners.get(key) ?? null,
      })
    })
  }
  const members = described.members.map(({ memberId, clientId, host, instanceId }) => ({ memberId, clientId, host, instanceId }))
  return { state: described.state, members, positions }
}
