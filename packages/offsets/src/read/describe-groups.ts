/**
 * Many groups, described by their coordinators: many groups a request. Each kind has a request of its own, and a
 * coordinator answers `Dead` or GROUP_ID_NOT_FOUND for a group of another kind: `Dead` is never believed of a group
 * that its coordinator lists.
 */
import type { TopicPartition } from '@tidemark/client'
import { type Answer, type Body, type Cluster, mayPass, retrying } from '@tidemark/client/internal'
import { TidemarkError } from '@tidemark/platform'
import { type Api, apis, ErrorCode } from '@tidemark/protocol'
import { classicGroup, consumerGroup, failureOf, shareGroup, streamsGroup } from './describe-kinds.ts'
import type { GroupKind } from './kinds.ts'
import { inLanes, type NextLimits, type PositionError, requestsByNode } from './limits.ts'

export interface DescribedMember {
  readonly memberId: string
  readonly clientId: string
  readonly host: string
  readonly instanceId: string | null
  /** In order. Empty also where it cannot be read. */
  readonly assignment: readonly TopicPartition[]
  /** Topics that it subscribes to by name; null: not known (a regular expression, another protocol). */
  readonly subscription: readonly string[] | null
}

export interface DescribedGroup {
  readonly group: string
  readonly kind: GroupKind
  readonly state: string
  readonly protocolType: string
  /** The assignor that its members agreed on; null: it has none, or its kind does not say. */
  readonly protocol: string | null
  readonly members: readonly DescribedMember[]
  readonly error: PositionError | null
}

/** What is known of a group before it is described. */
export interface ListedGroup {
  readonly group: string
  readonly kind: GroupKind
  readonly state: string
  readonly protocolType: string
  readonly coordinator: number
}

const GROUPS_A_REQUEST = 100
const REQUESTS_AT_ONCE = 8

/** By group. What no request describes is as it is listed, without members. */
export async function describeGroups(
  cluster: Cluster,
  groups: readonly ListedGroup[],
  limits: NextLimits,
): Promise<Map<string, DescribedGroup>> {
  const { clock } = cluster.options.platform
  const deadlineMs = clock.monotonic() + (limits().timeoutMs ?? cluster.options.requestTimeoutMs)
  const found = new Map<string, DescribedGroup>()
  let open = groups
  for (let failures = 1; ; failures++) {
    await describeOnce(cluster, open, limits, found)
    open = open.filter(({ group }) => mayBeElsewhere(found.get(group)!))
    if (open.length === 0 || clock.monotonic() >= deadlineMs) return found
    const error = found.get(open[0]!.group)!.error!
    const what = `describing group '${open[0]!.group}'`
    await cluster.backOff({ what, failures, error: new TidemarkError(error.code, error.message), signal: limits().signal })
    open = await located(cluster, open, limits)
  }
}

async function describeOnce(cluster: Cluster, groups: readonly ListedGroup[], limits: NextLimits, found: Found): Promise<void> {
  const requests = requestsByNode(groups, ({ coordinator }) => coordinator, GROUPS_A_REQUEST)
  await inLanes(requests, REQUESTS_AT_ONCE, async ({ node, part }) => {
    for (const group of await new Description(cluster, node, limits).of(part)) found.set(group.group, group)
  })
}

/** The group moved to another coordinator, or its coordinator loads it. */
const mayBeElsewhere = ({ error }: DescribedGroup): boolean => error !== null && mayPass(new TidemarkError(error.code, error.message))

/** Each at the node that coordinates it now. */
export function located(cluster: Cluster, groups: readonly Omit<ListedGroup, 'coordinator'>[], limits: NextLimits): Promise<ListedGroup[]> {
  return inLanes(groups, REQUESTS_AT_ONCE, async (it) => {
    cluster.forgetCoordinator(it.group)
    const what = `finding the coordinator of group '${it.group}'`
    const coordinator = await retrying(cluster, { what, retries: mayPass, ...limits() }, (signal) => cluster.coordinator(it.group, signal))
    return { ...it, coordinator }
  })
}

type Found = Map<string, DescribedGroup>

/** One chunk of groups of one coordinator. */
class Description {
  readonly #cluster: Cluster
  readonly #node: number
  readonly #limits: NextLimits

  constructor(cluster: Cluster, node: number, limits: NextLimits) {
    this.#cluster = cluster
    this.#node = node
    this.#limits = limits
  }

  async of(listed: readonly ListedGroup[]): Promise<DescribedGroup[]> {
    const found: Found = new Map()
    const namesLeft = (...kinds: GroupKind[]): string[] =>
      listed.filter(({ group, kind }) => kinds.includes(kind) && !found.has(group)).map(({ group }) => group)
    await this.#classic(namesLeft('classic', 'unknown'), found)
    // A classic group that is Dead may have been upgraded since it was listed.
    const consumers = namesLeft('consumer', 'classic', 'unknown')
    await this.#ofKind('consumer', consumers, (body, signal) => this.#send(apis.ConsumerGroupDescribe, body, signal), consumerGroup, found)
    const [shares, streams] = [namesLeft('share'), namesLeft('streams')]
    await this.#ofKind('share', shares, (body, signal) => this.#send(apis.ShareGroupDescribe, body, signal), shareGroup, found)
    await this.#ofKind('streams', streams, (body, signal) => this.#send(apis.StreamsGroupDescribe, body, signal), streamsGroup, found)
    return listed.map((it) => found.get(it.group) ?? asListed(it))
  }

  async #classic(groups: readonly string[], found: Found): Promise<void> {
    if (groups.length === 0) return
    const { body } = await this.#ask('describing groups', (signal) =>
      this.#cluster.send(apis.DescribeGroups, { groups: [...groups] }, { node: this.#node, purpose: 'admin', signal }),
    )
    for (const answer of body.groups) {
      if (answer.groupState === 'Dead' || answer.errorCode === ErrorCode.GROUP_ID_NOT_FOUND) continue
      found.set(answer.groupId, failureOf(answer, 'classic') ?? classicGroup(answer))
    }
  }

  /** Of a broker that is too old to have groups of the kind, nothing is found. */
  async #ofKind<G extends KindAnswer>(
    kind: GroupKind,
    groupIds: string[],
    send: (body: DescribeBody, signal: AbortSignal) => Promise<{ readonly groups: readonly G[] }>,
    read: (answer: G) => DescribedGroup,
    found: Found,
  ): Promise<void> {
    if (groupIds.length === 0) return
    const body = { groupIds, includeAuthorizedOperations: false }
    try {
      const { groups } = await this.#ask('describing groups', (signal) => send(body, signal))
      for (const answer of groups) {
        // UNSUPPORTED_VERSION: groups of this kind are not enabled, as those of KIP-848 on Kafka 3.
        if (answer.errorCode === ErrorCode.GROUP_ID_NOT_FOUND || answer.errorCode === ErrorCode.UNSUPPORTED_VERSION) continue
        found.set(answer.groupId, failureOf(answer, kind) ?? read(answer))
      }
    } catch (error) {
      if (!(error instanceof TidemarkError) || error.code !== 'UNSUPPORTED_VERSION') throw error
    }
  }

  async #send<A extends Api>(api: A, body: Body<A>, signal: AbortSignal): Promise<Answer<A>['body']> {
    return (await this.#cluster.send(api, body, { node: this.#node, purpose: 'admin', signal })).body
  }

  #ask<T>(what: string, attempt: (signal: AbortSignal) => Promise<T>): Promise<T> {
    return retrying(this.#cluster, { what, retries: mayPass, ...this.#limits() }, attempt)
  }
}

const asListed = ({ group, kind, state, protocolType }: ListedGroup): DescribedGroup => ({
  group,
  kind,
  state,
  protocolType,
  protocol: null,
  members: [],
  error: null,
})

type DescribeBody = { readonly groupIds: string[]; readonly includeAuthorizedOperations: boolean }

interface KindAnswer {
  readonly groupId: string
  readonly errorCode: number
  readonly errorMessage: string | null
}
