/** From where to where each partition is read: wishes turned into offsets when the reading begins. */
import { TidemarkError } from '@tidemark/platform'
import type { Cluster } from '../cluster/cluster.ts'
import { listOffsets, type OffsetSpec, refusedTopic } from '../cluster/list-offsets.ts'
import type { ReadOptions } from './types.ts'

export interface Bounds {
  readonly partition: number
  readonly from: number
  /** Exclusive; Infinity: it is followed for ever. */
  readonly to: number
}

/** Rejects with `TidemarkError` UNKNOWN_TOPIC, UNKNOWN_PARTITION, INVALID_OPTION, or as `listOffsets` does. */
export async function findBounds(cluster: Cluster, topic: string, options: ReadOptions, owner: object): Promise<Bounds[]> {
  const view = (await cluster.topics([topic], { signal: options.signal })).get(topic)!
  if (view.errorCode !== 0) throw refusedTopic(topic, view.errorCode)
  const partitions = chosen(options) ?? view.partitions.map((p) => p.partition)
  for (const partition of partitions) {
    if (view.partitions[partition] !== undefined) continue
    throw new TidemarkError('UNKNOWN_PARTITION', `topic '${topic}' has no partition ${partition}; it has ${view.partitions.length}`, {
      topic,
      partition,
    })
  }
  const find = async (at: OffsetSpec): Promise<Map<number, number | undefined>> => {
    const wishes = partitions.map((partition) => ({ topic, partition, at }))
    const { isolation, signal } = options
    const found = await listOffsets(cluster, wishes, { signal, owner, ...(isolation === undefined ? {} : { isolation }) })
    return new Map(found.map((f) => [f.partition, f.offset]))
  }
  const [to, from] = [await ends(options, find), await starts(options, find)]
  return partitions.map((partition) => ({ partition, from: from(partition), to: to(partition) }))
}

/** The partitions that the caller named. */
function chosen({ partitions, from }: ReadOptions): readonly number[] | undefined {
  if (partitions !== undefined) return [...new Set(partitions)]
  return isTable(from) ? Object.keys(from).map(Number) : undefined
}

type Find = (at: OffsetSpec) => Promise<Map<number, number | undefined>>
type Lookup = (partition: number) => number

async function starts({ from = 'earliest' }: ReadOptions, find: Find): Promise<Lookup> {
  if (typeof from === 'number') return () => checked('from', from)
  if (isTable(from)) return (partition) => checked(`from[${partition}]`, from[partition])
  const found = await find(from)
  // Nothing at or after the time: begin where the next record will be.
  const ends = [...found.values()].includes(undefined) ? await find('latest') : found
  return (partition) => found.get(partition) ?? ends.get(partition) ?? 0
}

async function ends({ to }: ReadOptions, find: Find): Promise<Lookup> {
  if (to === undefined) return () => Number.POSITIVE_INFINITY
  if (typeof to === 'number') return () => checked('to', to)
  const ends = await find('latest')
  const found = to === 'end' ? ends : await find(to)
  return (partition) => found.get(partition) ?? ends.get(partition) ?? 0
}

function isTable(from: ReadOptions['from']): from is Readonly<Record<number, number>> {
  return typeof from === 'object' && !(from instanceof Date)
}

function checked(name: string, offset: number | undefined): number {
  if (offset !== undefined && Number.isSafeInteger(offset) && offset >= 0) return offset
  throw new TidemarkError('INVALID_OPTION', `${name} is ${offset}; an offset is a whole number from 0 on`)
}
