/**
 * Where a claim begins: where `startAt` says, else at the group's committed offset, else, only where nothing is
 * committed, where `startFrom` says.
 *
 * An error of OffsetFetch is never "nothing committed" (T10): it is asked again for as long as the claim waits.
 * Topics are placed one by one, so that a topic that cannot be read does not hold up the others.
 */
import type { Isolation } from '@tidemark/client'
import { backoffMs, type Cluster, fetchCommitted, listOffsets, type OffsetSpec, textOf } from '@tidemark/client/internal'
import { checkOffset, checkTime, describe, sleep, TidemarkError } from '@tidemark/platform'
import { isStoreError } from '../drivers/errors.ts'
import { mayPass } from '../failures.ts'
import type { Claim } from './claim.ts'
import type { StartPosition } from './registry.ts'
import type { Takeover } from './takeover.ts'

/**
 * Where to begin in a partition for which the group has no committed offset (`auto.offset.reset`, for that case
 * alone).
 */
export type StartFrom = 'earliest' | 'latest' | Date | 'fail'

/** A place in a log as a user names it. */
export type LogPlace = number | 'earliest' | 'latest' | Date

export interface StartAtInput {
  readonly topic: string
  readonly partition: number
  /** What the group has on record; undefined: nothing. */
  readonly committed: number | undefined
}

/** Returns where to begin; undefined leaves it to the committed offset and `startFrom`. */
export type StartAt = (input: StartAtInput) => LogPlace | undefined | Promise<LogPlace | undefined>

export interface PlacementOptions {
  readonly group: string
  readonly startFrom: StartFrom
  readonly startAt: StartAt | undefined
  readonly isolation: Isolation
  readonly heartbeatIntervalMs: number
}

export type PlacementRequest = 'OffsetFetch' | 'ListOffsets' | 'takeover'

export interface PlacementListener {
  placed(claim: Claim, position: StartPosition): void
  /** A request failed and is tried again; `attempts` failed one after the other. */
  failing(request: PlacementRequest, error: TidemarkError, attempts: number): void
  /** No retry can fix this: NO_COMMITTED_OFFSET, START_AT_FAILED, a refusal. */
  failed(error: unknown): void
}

interface Committed {
  readonly offset: number
  readonly leaderEpoch: number
  readonly metadata: string
}

export class Placement {
  readonly #options: PlacementOptions
  readonly #cluster: Cluster
  /** Whose connection to the coordinator is used. */
  readonly #owner: object
  readonly #listener: PlacementListener
  readonly #takeover: Takeover
  readonly #closed = new AbortController()
  /** By request and topic: a partition that comes and goes with each failure must not hide them. */
  readonly #failedInARow = new Map<string, number>()

  constructor(options: PlacementOptions, cluster: Cluster, owner: object, takeover: Takeover, listener: PlacementListener) {
    this.#options = options
    this.#cluster = cluster
    this.#owner = owner
    this.#takeover = takeover
    this.#listener = listener
  }

  /** The run is over: what is looked up is of no interest any more. */
  close(): void {
    this.#closed.abort()
  }

  /** Finds the place of each claim that waits for one; a claim that ends meanwhile is left out. */
  place(claims: readonly Claim[]): void {
    for (const claimsOfTopic of Map.groupBy(claims, (c) => c.topic).values()) void this.#placeTopic(claimsOfTopic)
  }

  /** Once the coordinator has had time to say that the member is not one any more. */
  placeLater(claim: Claim): void {
    const { clock } = this.#cluster.options.platform
    sleep(clock, 2 * this.#options.heartbeatIntervalMs, this.#closed.signal).then(
      () => claim.phase === 'placing' && this.place([claim]),
      () => {}, // the run is over
    )
  }

  async #placeTopic(claims: readonly Claim[]): Promise<void> {
    try {
      const isWanted = (): boolean => claims.some((c) => c.phase === 'placing')
      const committed = await this.#persist('OffsetFetch', claims[0]!.topic, isWanted, () => this.#fetchCommitted(claims))
      if (committed === undefined) return
      if (this.#takeover.storeOf(claims[0]!.topic) !== undefined) await this.#placeByStore(claims, committed)
      else await this.#placeAsUsual(claims, committed)
    } catch (error) {
      this.#listener.failed(error)
    }
  }

  async #placeAsUsual(claims: readonly Claim[], committed: ReadonlyMap<number, Committed>): Promise<void> {
    if (this.#options.startAt !== undefined) await Promise.all(claims.map((c) => this.#placeAsTold(c, committed.get(c.partition))))
    else await this.#placeAsCommitted(claims, committed)
  }

  /** Each claim by itself: a takeover may have to wait for the transactions of the owner before. */
  async #placeByStore(claims: readonly Claim[], committed: ReadonlyMap<number, Committed>): Promise<void> {
    await Promise.all(
      claims.map(async (claim) => {
        const isWanted = (): boolean => claim.phase === 'placing'
        const taken = await this.#persist('takeover', nameOf(claim), isWanted, async () => ({ place: await this.#takeover.take(claim) }))
        if (taken === undefined) return
        const { place } = taken
        if (place === undefined) return await this.#placeAsUsual([claim], committed) // and `placed` tells the store
        const known = committed.get(claim.partition)?.offset
        this.#listener.placed(claim, { ...place.position, metadata: '', committed: known, restored: place.restored })
      }),
    )
  }

  /**
   * Begins a claim that waits for its place at `offset`, wherever its store stands; what is done below `doneBelow`
   * stays done. Undefined: it is not wanted any more.
   */
  async takeOverAt(claim: Claim, offset: number, doneBelow: number, known: number | undefined): Promise<StartPosition | undefined> {
    const isWanted = (): boolean => claim.phase === 'placing'
    return await this.#persist('takeover', nameOf(claim), isWanted, async () => {
      await this.#takeover.take(claim)
      await this.#takeover.begin(claim, { offset, leaderEpoch: -1 }, doneBelow)
      const place = doneBelow > offset ? await this.#takeover.take(claim) : undefined
      return { offset, leaderEpoch: -1, committed: known, metadata: '', restored: place?.restored }
    })
  }

  /** A place that was found for a claim; its store is told first. */
  async #found(claim: Claim, position: StartPosition): Promise<void> {
    if (claim.holding !== undefined) {
      const isWanted = (): boolean => claim.phase === 'placing'
      const begun = await this.#persist('takeover', nameOf(claim), isWanted, () => this.#beginIn(claim, position))
      if (begun !== undefined) this.#listener.placed(claim, begun)
      return
    }
    this.#listener.placed(claim, position)
  }

  /** Begins where the store stands if another member has begun meanwhile. */
  async #beginIn(claim: Claim, position: StartPosition): Promise<StartPosition> {
    try {
      await this.#takeover.begin(claim, position, position.offset)
      return position
    } catch (error) {
      if (!isStoreError(error, 'FENCED')) throw error
      const place = await this.#takeover.take(claim)
      if (place !== undefined) return { ...place.position, metadata: '', committed: position.committed, restored: place.restored }
      await this.#takeover.begin(claim, position, position.offset)
      return position
    }
  }

  async #placeAsCommitted(claims: readonly Claim[], committed: ReadonlyMap<number, Committed>): Promise<void> {
    const { group, startFrom } = this.#options
    const unknown: Claim[] = []
    for (const claim of claims.filter((c) => c.phase === 'placing')) {
      const known = committed.get(claim.partition)
      if (known === undefined) unknown.push(claim)
      else await this.#found(claim, { ...known, committed: known.offset })
    }
    if (unknown.length === 0) return
    if (startFrom === 'fail') throw nothingCommitted(group, unknown[0]!)
    // A request for each leader: one that cannot be reached holds up its own partitions alone.
    const byLeader = Map.groupBy(unknown, (c) => this.#cluster.leader(c.topic, c.partition)?.nodeId ?? c)
    await Promise.all([...byLeader.values()].map((some) => this.#placeAt(some, startFrom)))
  }

  async #placeAt(claims: readonly Claim[], spec: OffsetSpec): Promise<void> {
    const isWanted = (): boolean => claims.some((c) => c.phase === 'placing')
    const offsets = await this.#persist('ListOffsets', claims[0]!.topic, isWanted, () => this.#listOffsets(claims, spec))
    if (offsets === undefined) return
    for (const [i, claim] of claims.entries()) {
      await this.#found(claim, { offset: offsets[i]!, leaderEpoch: -1, metadata: '', committed: undefined })
    }
  }

  async #placeAsTold(claim: Claim, known: Committed | undefined): Promise<void> {
    const { group, startFrom } = this.#options
    if (claim.phase !== 'placing') return
    const told = await this.#startAt(claim, known?.offset)
    if (claim.phase !== 'placing') return
    if (told === undefined && known !== undefined) return await this.#found(claim, { ...known, committed: known.offset })
    const at = told ?? startFrom
    if (at === 'fail') throw nothingCommitted(group, claim)
    const offset = await this.offsetAt(claim, at, () => claim.phase === 'placing')
    if (offset === undefined) return
    const isOnRecord = known !== undefined && known.offset === offset
    await this.#found(claim, { offset, leaderEpoch: -1, metadata: '', ...(isOnRecord && known), committed: known?.offset })
  }

  async #startAt({ topic, partition }: Claim, committed: number | undefined): Promise<LogPlace | undefined> {
    const { startAt } = this.#options
    if (startAt === undefined) return undefined
    try {
      const place = await startAt({ topic, partition, committed })
      return place === undefined ? undefined : checkPlace(`what startAt returned for ${topic}-${partition}`, place)
    } catch (cause) {
      const why = cause instanceof TidemarkError ? cause.message : textOf(cause)
      throw new TidemarkError('START_AT_FAILED', `startAt failed for ${topic}-${partition}: ${why}`, { topic, partition, cause })
    }
  }

  /**
   * The offset of a place in the claim's log; asked for as long as it `isWanted`, then undefined. Rejects if no retry
   * can fix it.
   */
  async offsetAt(claim: Claim, at: LogPlace, isWanted: () => boolean): Promise<number | undefined> {
    if (typeof at === 'number') return at
    const offsets = await this.#persist('ListOffsets', claim.topic, isWanted, () => this.#listOffsets([claim], at))
    return offsets?.[0]
  }

  /** One offset for each claim. No record at or after the time: the end of the log, as Kafka's tools have it. */
  async #listOffsets(claims: readonly Claim[], spec: OffsetSpec): Promise<readonly number[]> {
    const options = { isolation: this.#options.isolation, signal: this.#closed.signal }
    const ask = (some: readonly Claim[], at: OffsetSpec) =>
      listOffsets(
        this.#cluster,
        some.map(({ topic, partition }) => ({ topic, partition, at })),
        options,
      )
    const found = await ask(claims, spec)
    const beyond = claims.filter((_, i) => found[i]!.offset === undefined)
    const ends = beyond.length === 0 ? [] : await ask(beyond, 'latest')
    return claims.map((claim, i) => found[i]!.offset ?? ends[beyond.indexOf(claim)]!.offset!)
  }

  async #persist<T>(request: PlacementRequest, topic: string, isWanted: () => boolean, attempt: () => Promise<T>): Promise<T | undefined> {
    const { platform, retry } = this.#cluster.options
    const { signal } = this.#closed
    const isOver = (): boolean => signal.aborted || !isWanted()
    const key = `${request} ${topic}`
    for (let failures = 1; !isOver(); failures++) {
      try {
        const result = await attempt()
        this.#failedInARow.delete(key)
        return isOver() ? undefined : result
      } catch (error) {
        if (signal.aborted) return undefined
        const inARow = (this.#failedInARow.get(key) ?? 0) + 1
        this.#failedInARow.set(key, inARow)
        if (mayPass(error)) this.#listener.failing(request, error, inARow)
        else if (isWanted()) throw error
        await sleep(platform.clock, backoffMs(platform.random, retry, failures), signal).catch(() => {}) // closed meanwhile
      }
    }
    return undefined
  }

  async #fetchCommitted(claims: readonly Claim[]): Promise<ReadonlyMap<number, Committed>> {
    const { topic } = claims[0]!
    // A member that does not lead the group may not have looked the topic up before.
    const id = (await this.#cluster.topics([topic])).get(topic)?.id
    for (const claim of claims) if (claim.phase === 'placing') claim.identify(id)
    const offsets = await fetchCommitted(this.#cluster, {
      group: this.#options.group,
      topics: new Map([[topic, claims.map((c) => c.partition)]]),
      requireStable: true,
      purpose: 'coordinator',
      owner: this.#owner,
      signal: this.#closed.signal,
    })
    return new Map(offsets.map((o) => [o.partition, { offset: o.offset, leaderEpoch: o.leaderEpoch, metadata: o.metadata }]))
  }
}

const nameOf = ({ topic, partition }: Claim): string => `${topic}-${partition}`

/** Throws INVALID_ARGUMENT for anything that is not a place in a log. */
export function checkPlace(what: string, place: unknown): LogPlace {
  if (place === 'earliest' || place === 'latest') return place
  if (place instanceof Date) return checkTime(what, place)
  if (typeof place === 'number') return checkOffset(what, place)
  throw new TidemarkError('INVALID_ARGUMENT', `${what} is ${describe(place)}; it must be an offset, 'earliest', 'latest' or a Date`)
}

function nothingCommitted(group: string, { topic, partition }: Claim): TidemarkError {
  const text = `group '${group}' has no committed offset for ${topic}-${partition}; commit one first, or set startFrom to 'earliest', 'latest' or a Date`
  return new TidemarkError('NO_COMMITTED_OFFSET', text, { topic, partition })
}
