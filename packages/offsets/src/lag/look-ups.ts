/**
 * Looks up many places at once: one Fetch brings a part of many partitions, and serves every place that lies in that
 * part. Requests are bounded: what is left over is looked up the next time.
 */
import type { CallLimits } from '@tidemark/client'
import { type Cluster, isLost, keyOf } from '@tidemark/client/internal'
import { WireError } from '@tidemark/protocol'
import { corrupt, endOf, fetchLog, type LogPart, type LogPlace } from '../log/fetch-log.ts'
import { chunks, inLanes, type PositionError, rowError } from '../read/limits.ts'
import { NOTHING, type RecordPlace, type Scan, type ScanCache, scanOn } from './next-records.ts'

export interface PlaceToLookUp extends RecordPlace {
  /** The end of the log: there is nothing to look for behind it. */
  readonly end: number
}

const PARTITIONS_A_REQUEST = 64
const REQUESTS_AT_ONCE = 4
const PARTITION_BYTES_MAX = 16 * 1024
const BYTES_MAX = 4 * 1024 * 1024
/** Of a hole that markers or compaction left behind a place, before the rest is left for the next time. */
const PARTS_OF_A_HOLE_MAX = 8

const needsMore = (scan: Scan | undefined, end: number): boolean => scan === undefined || (scan.record === null && scan.scannedTo < end)

export class LookUps {
  readonly #cluster: Cluster
  readonly #cache: ScanCache
  readonly #requestsMax: number
  /** Why places of a partition were not looked up, by key of the partition. */
  readonly errors = new Map<string, PositionError>()
  readonly #walked = new Map<PlaceToLookUp, number>()
  #requests = 0

  constructor(cluster: Cluster, cache: ScanCache, requestsMax: number) {
    this.#cluster = cluster
    this.#cache = cache
    this.#requestsMax = requestsMax
  }

  /** What is found is in the cache then. Places of partitions that cannot be read now are left out. */
  async find(places: readonly PlaceToLookUp[], limits: () => CallLimits): Promise<void> {
    let open = places.filter((place) => needsMore(this.#cache.get(place), place.end))
    let alone: ReadonlySet<string> = new Set()
    while (open.length > 0) {
      const requests = this.#plan(open, alone)
      if (requests.length === 0) return
      const big = new Set<string>()
      const failed = new Set<string>()
      await inLanes(requests, REQUESTS_AT_ONCE, (request) => this.#ask(request, limits(), big, failed))
      alone = big
      open = open.filter((place) => !failed.has(keyOf(place)) && this.#goesOn(place))
    }
  }

  #goesOn(place: PlaceToLookUp): boolean {
    const scan = this.#cache.get(place)
    if (!needsMore(scan, place.end)) return false
    if (scan === undefined) return true
    const walked = (this.#walked.get(place) ?? 0) + 1
    this.#walked.set(place, walked)
    return walked < PARTS_OF_A_HOLE_MAX
  }

  /** One part of a partition a request: from the lowest place on, and of use to those above it that lie in it. */
  #plan(open: readonly PlaceToLookUp[], alone: ReadonlySet<string>): Request[] {
    const parts: Part[] = []
    for (const [key, places] of Map.groupBy(open, keyOf)) {
      const node = this.#cluster.leader(places[0]!.topic, places[0]!.partition)?.nodeId
      if (node === undefined) continue
      const offset = places.reduce(
        (low, place) => Math.min(low, this.#cache.get(place)?.scannedTo ?? place.offset),
        Number.POSITIVE_INFINITY,
      )
      parts.push({ key, node, offset, places })
    }
    const requests: Request[] = []
    for (const [node, list] of Map.groupBy(parts, (part) => part.node)) {
      for (const part of list) if (alone.has(part.key)) requests.push({ node, parts: [part] })
      const together = list.filter(({ key }) => !alone.has(key))
      for (const some of chunks(together, PARTITIONS_A_REQUEST)) requests.push({ node, parts: some })
    }
    const allowed = requests.slice(0, Math.max(0, this.#requestsMax - this.#requests))
    this.#requests += allowed.length
    return allowed
  }

  async #ask({ node, parts }: Request, { signal }: CallLimits, big: Set<string>, failed: Set<string>): Promise<void> {
    const places: LogPlace[] = parts.map(({ places: [first], offset }) => ({ topic: first!.topic, partition: first!.partition, offset }))
    let answers: Map<string, LogPart>
    let lost: PositionError | undefined
    try {
      answers = await fetchLog(this.#cluster, places, { node, partitionBytesMax: PARTITION_BYTES_MAX, bytesMax: BYTES_MAX, signal })
    } catch (error) {
      if (!isLost(error)) throw error
      answers = new Map() // its places stay unknown until the next sample
      lost = rowError(error)
    }
    for (const part of parts) {
      const answer = answers.get(part.key)
      if (answer === undefined || answer.error !== undefined) {
        failed.add(part.key)
        const error = answer?.error === undefined ? lost : rowError(answer.error)
        if (error !== undefined) this.errors.set(part.key, error)
        this.#cluster.invalidate(part.places[0]!.topic)
      } else if (answer.batches.length === 0) {
        // A first batch that is larger than its share: it is whole in a request of its own.
        if (parts.length > 1) big.add(part.key)
        else failed.add(part.key)
      } else this.#take(part, answer, failed)
    }
  }

  #take({ key, places, offset }: Part, { batches }: LogPart, failed: Set<string>): void {
    const coveredTo = endOf(batches.at(-1)!)
    try {
      for (const place of places) {
        const before = this.#cache.get(place) ?? { ...NOTHING, scannedTo: place.offset }
        if (before.scannedTo < offset || before.scannedTo >= coveredTo) continue
        this.#cache.set(place, scanOn(before, batches))
      }
    } catch (error) {
      if (!(error instanceof WireError)) throw error
      failed.add(key)
      this.errors.set(key, rowError(corrupt(places[0]!, error)))
    }
  }
}

interface Part {
  readonly key: string
  readonly node: number
  readonly offset: number
  readonly places: readonly PlaceToLookUp[]
}

interface Request {
  readonly node: number
  readonly parts: readonly Part[]
}
