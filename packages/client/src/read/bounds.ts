/** From where to where each partition is read: options turned into offsets when the reading begins. */
import type { Cluster } from '../cluster/cluster.ts'
import { listOffsets, type OffsetSpec } from '../cluster/list-offsets.ts'
import { refusedTopic, unknownPartition } from '../cluster/topic-errors.ts'
import { isOffsetTable, type ResolvedReadOptions } from './options.ts'

export interface Bounds {
  readonly partition: number
  readonly from: number
  /** Exclusive; Infinity: it is followed for ever. */
  readonly to: number
}

/**
 * Looks the topic up first, so that no partition is missed. Rejects with `TidemarkError` UNKNOWN_TOPIC,
 * UNKNOWN_PARTITION, or as `listOffsets` does.
 */
export async function findBounds(cluster: Cluster, topic: string, options: ResolvedReadOptions, owner: object): Promise<Bounds[]> {
  cluster.invalidate(topic)
  const view = (await cluster.topics([topic], { signal: options.signal })).get(topic)!
  if (view.errorCode !== 0) throw refusedTopic(topic, view.errorCode)
  const partitions = chosen(options) ?? view.partitions.map((p) => p.partition)
  for (const partition of partitions) {
    if (view.partitions[partition] === undefined) throw unknownPartition(topic, partition, view.partitions.length)
  }
  const find = async (at: OffsetSpec): Promise<Map<number, number | undefined>> => {
    const queries = partitions.map((partition) => ({ topic, partition, at }))
    const { isolation, signal } = options
    const found = await listOffsets(cluster, queries, { signal, owner, isolation })
    return new Map(found.map((f) => [f.partition, f.offset]))
  }
  const [to, from] = [await ends(options, find), await starts(options, find)]
  return partitions.map((partition) => ({ partition, from: from(partition), to: to(partition) }))
}

/** The partitions that the caller named. */
function chosen({ partitions, from, to }: ResolvedReadOptions): readonly number[] | undefined {
  if (partitions !== undefined) return [...new Set(partitions)]
  const tables = [from, to].filter(isOffsetTable)
  const named = tables[0] && Object.keys(tables[0]).map(Number)
  return named?.filter((partition) => tables.every((table) => table[partition] !== undefined))
}

type Find = (at: OffsetSpec) => Promise<Map<number, number | undefined>>
type OffsetOf = (partition: number) => number

async function starts({ from }: ResolvedReadOptions, find: Find): Promise<OffsetOf> {
  if (typeof from === 'number') return () => from
  if (isOffsetTable(from)) return (partition) => from[partition]!
  const found = await find(from)
  // Nothing at or after the time: begin where the next record will be.
  const ends = [...found.values()].includes(undefined) ? await find('latest') : found
  return (partition) => found.get(partition) ?? ends.get(partition) ?? 0
}

async function ends({ to }: ResolvedReadOptions, find: Find): Promise<OffsetOf> {
  if (to === undefined) return () => Number.POSITIVE_INFINITY
  if (typeof to === 'number') return () => to
  if (isOffsetTable(to)) return (partition) => to[partition]!
  const ends = await find('latest')
  const found = to === 'end' ? ends : await find(to)
  return (partition) => found.get(partition) ?? ends.get(partition) ?? 0
}
