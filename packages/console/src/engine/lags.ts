/** The meter of this process: what it has looked up and measured serves every page. */
import { type CallLimits, type Kafka, TidemarkError } from '@tidemark/client'
import { readCompletionMap } from '@tidemark/client/internal'
import { type GroupLag, LagMeter, type PartitionLag } from '@tidemark/offsets'
import type { GroupView, PartitionView } from '../shapes.ts'

/** Ranges that are drawn of one partition. */
const RANGES_MAX = 64

export class Lags {
  readonly #meter: LagMeter

  constructor(kafka: Kafka) {
    this.#meter = new LagMeter(kafka)
  }

  /** Of these groups, without those that do not exist, or of all. */
  async sample(groups: readonly string[] | undefined, limits: CallLimits): Promise<readonly GroupLag[]> {
    if (groups === undefined) return this.#meter.sample(undefined, limits)
    try {
      return await this.#meter.sample(groups, limits)
    } catch (error) {
      if (!(error instanceof TidemarkError && error.code === 'UNKNOWN_GROUP')) throw error
      // One of them does not exist, and takes the others with it: they are asked for one by one.
      if (groups.length === 1) return []
      const found: GroupLag[] = []
      for (const group of groups) found.push(...(await this.sample([group], limits)))
      return found
    }
  }

  close(): void {
    this.#meter.close()
  }
}

/** With what the completion maps of its commits say, for the rulers of its page. */
export const viewOf = ({ partitions, ...group }: GroupLag): GroupView => ({ ...group, partitions: partitions.map(partitionView) })

function partitionView(p: PartitionLag): PartitionView {
  const map = p.metadata === null ? undefined : readCompletionMap(p.metadata)
  const holds = map !== undefined && map.base === p.committed && (p.topicId === null || map.topicId === p.topicId)
  if (!holds) return { ...p, doneRanges: [], retries: [] }
  const ranges: [number, number][] = []
  let from = map.base
  for (const open of [...map.open, map.top]) {
    if (open > from) ranges.push([from, open])
    from = open + 1
  }
  const retries = map.notes.map(({ offset, attempts, deaths, start }) => ({ offset, attempts, deaths, isCondemned: start === 'condemned' }))
  return { ...p, doneRanges: ranges.slice(0, RANGES_MAX), retries: retries.slice(0, RANGES_MAX) }
}
