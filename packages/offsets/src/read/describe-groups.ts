/**
 * Many groups, described by their coordinators: many groups a request. Each kind has a request of its own, and a
 * coordinator answers `Dead` or GROUP_ID_NOT_FOUND for a group of another kind: `Dead` is never believed of a group
 * that its coordinator lists.
 */
import type { TopicPartition } from '@tidemark/client'
import { type Cluster, compareTopicPartitions, decodeAssignment, decodeSubscription, mayPass, retrying } from '@tidemark/client/internal'
import { TidemarkError } from '@tidemark/platform'
import { apis, type ConsumerGroupDescribeResponse, type DescribeGroupsResponse, ErrorCode, errorOf, WireError } from '@tidemark/protocol'
import type { GroupKind } from './kinds.ts'
import { chunks, inLanes, type NextLimits, type PositionError } from './limits.ts'

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
  const byNode = Map.groupBy(groups, ({ coordinator }) => coordinator)
  const requests = [...byNode].flatMap(([node, list]) => chunks(list, GROUPS_A_REQUEST).map((part) => ({ node, part })))
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
interface Answer {
  readonly groupId: string
  readonly errorCode: number
  readonly errorMessage: string | null
  readonly groupState: string
}

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
    await this.#consumer(namesLeft('consumer', 'classic', 'unknown'), found)
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

  async #consumer(groupIds: readonly string[], found: Found): Promise<void> {
    if (groupIds.length === 0) return
    const request = { groupIds: [...groupIds], includeAuthorizedOperations: false }
    try {
      const { body } = await this.#ask('describing groups', (signal) =>
        this.#cluster.send(apis.ConsumerGroupDescribe, request, { node: this.#node, purpose: 'admin', signal }),
      )
      for (const answer of body.groups) {
        if (answer.errorCode === ErrorCode.GROUP_ID_NOT_FOUND) continue
        found.set(answer.groupId, failureOf(answer, 'consumer') ?? consumerGroup(answer))
      }
    } catch (error) {
      // A broker before Kafka 3.7 has no such groups.
      if (!(error instanceof TidemarkError) || error.code !== 'UNSUPPORTED_VERSION') throw error
    }
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

/** Of a group that its coordinator refuses to describe. */
function failureOf({ groupId, errorCode, errorMessage }: Answer, kind: GroupKind): DescribedGroup | undefined {
  if (errorCode === 0) return undefined
  const { name, text } = errorOf(errorCode)
  const message = `describing group '${groupId}' failed: ${name} (${errorMessage || text})`
  const { code } = new TidemarkError(name, message)
  return { group: groupId, kind, state: '', protocolType: '', protocol: null, members: [], error: { code, message } }
}

function classicGroup(answer: DescribeGroupsResponse['groups'][number]): DescribedGroup {
  const { groupId, groupState, protocolType, protocolData } = answer
  const isOfConsumers = protocolType === 'consumer'
  const members = answer.members.map((m) => ({
    memberId: m.memberId,
    clientId: m.clientId,
    host: m.clientHost,
    instanceId: m.groupInstanceId,
    assignment: isOfConsumers ? (readable(() => decodeAssignment(m.memberAssignment).sort(compareTopicPartitions)) ?? []) : [],
    subscription: isOfConsumers ? (readable(() => decodeSubscription(m.memberMetadata).topics) ?? null) : null,
  }))
  return { group: groupId, kind: 'classic', state: groupState, protocolType, protocol: protocolData || null, members, error: null }
}

/** What members wrote into the group is theirs: bytes that are not Kafka's are left out. */
function readable<T>(decode: () => T): T | undefined {
  try {
    return decode()
  } catch (error) {
    if (!(error instanceof WireError)) throw error
    return undefined
  }
}

function consumerGroup(answer: ConsumerGroupDescribeResponse['groups'][number]): DescribedGroup {
  const members = answer.members.map((m) => ({
    memberId: m.memberId,
    clientId: m.clientId,
    host: m.clientHost,
    instanceId: m.instanceId,
    assignment: m.assignment.topicPartitions
      .flatMap(({ topicName: topic, partitions }) => partitions.map((partition) => ({ topic, partition })))
      .sort(compareTopicPartitions),
    subscription: m.subscribedTopicRegex ? null : m.subscribedTopicNames,
  }))
  const { groupId: group, groupState: state, assignorName: protocol } = answer
  return { group, kind: 'consumer', state, protocolType: 'consumer', protocol: protocol || null, members, error: null }
}
