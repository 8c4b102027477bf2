/**
 * What a member does while it leads its group: it assigns the partitions, and watches whether its assignment still
 * fits.
 *
 * A member of another program whose subscription cannot be read gets nothing, and is reported: it does not keep the
 * others from working.
 */
import { type Cluster, decodeAssignment, decodeSubscription, encodeAssignment, textOf } from '@tidemark/client/internal'
import { TidemarkError } from '@tidemark/platform'
import { type DescribeGroupsResponse, ErrorCode, errorOf, type JoinGroupResponse, WireError } from '@tidemark/protocol'
import { mayPass } from '../../failures.ts'
import type { MembershipListener } from '../membership.ts'
import type { MemberSubscription, ReplicaRacks } from './assignors/assignor.ts'
import { type AssignorName, assignors } from './assignors/index.ts'
import { replicaRacks } from './replica-racks.ts'
import type { EncodedAssignment } from './requests.ts'
import { AssignmentWatch, countOf, isWhole, type PartitionCounts } from './watch.ts'

export interface LeaderOptions {
  readonly group: string
  readonly rebalanceTimeoutMs: number
}

export class Leader {
  readonly #group: string
  readonly #cluster: Cluster
  readonly #describe: (groups: readonly string[]) => Promise<DescribeGroupsResponse>
  readonly #outdated: () => void
  readonly #listener: Pick<MembershipListener, 'warning' | 'failed'>
  readonly #watch: AssignmentWatch
  /** The members that were found by a leader which came back and was told to assign nothing (KIP-814). */
  #found: readonly MemberSubscription[] | undefined

  constructor(
    { group, rebalanceTimeoutMs }: LeaderOptions,
    cluster: Cluster,
    describe: (groups: readonly string[]) => Promise<DescribeGroupsResponse>,
    outdated: () => void,
    listener: Pick<MembershipListener, 'warning' | 'failed'>,
  ) {
    this.#group = group
    this.#cluster = cluster
    this.#describe = describe
    this.#outdated = outdated
    this.#listener = listener
    this.#watch = new AssignmentWatch(cluster, rebalanceTimeoutMs, outdated)
  }

  /** The members to assign partitions to; undefined: somebody else does, or nothing is to be assigned. */
  joined({ leader, memberId, members, skipAssignment }: JoinGroupResponse): readonly MemberSubscription[] | undefined {
    this.#found = undefined
    if (leader !== memberId) return undefined
    const subscriptions = members.map((m) => this.#subscriptionOf(m))
    if (!skipAssignment) return subscriptions
    this.#found = subscriptions
    return undefined
  }

  #subscriptionOf({ memberId, groupInstanceId, metadata }: JoinGroupResponse['members'][number]): MemberSubscription {
    const member = { memberId, groupInstanceId: groupInstanceId ?? undefined }
    try {
      return { ...member, ...decodeSubscription(metadata) }
    } catch (error) {
      if (!(error instanceof WireError)) throw error
      const text = `member '${memberId}' of group '${this.#group}' sent a subscription that cannot be read (${error.message}); it gets no partitions`
      this.#listener.warning(`unreadable subscription of ${memberId}`, text)
      return { ...member, topics: [], owned: [], generation: -1 }
    }
  }

  async assign(
    assignor: AssignorName,
    members: readonly MemberSubscription[],
    isCurrent: () => boolean,
  ): Promise<readonly EncodedAssignment[]> {
    const counts = await this.#countsFor(members)
    const racks = this.#racksFor(members, counts)
    const assignment = assignors[assignor].assign(members, counts, racks)
    if (isCurrent()) this.#watch.begin(counts, racks, [...assignment.values()].flat())
    return members.map((m) => ({ memberId: m.memberId, assignment: encodeAssignment(assignment.get(m.memberId) ?? []) }))
  }

  async #countsFor(members: readonly MemberSubscription[]): Promise<PartitionCounts> {
    const topics = [...new Set(members.flatMap((m) => m.topics))]
    await this.#cluster.topics(topics)
    for (const topic of topics) this.#tellRefused(topic)
    return new Map(topics.map((topic) => [topic, countOf(this.#cluster, topic)]))
  }

  /** Empty where no member says where it is: then racks may change as they like. */
  #racksFor(members: readonly MemberSubscription[], counts: PartitionCounts): ReplicaRacks {
    return members.some(({ rack }) => rack !== undefined) ? replicaRacks(this.#cluster, counts.keys()) : new Map()
  }

  /** The members that read a topic look for it, and report it, if it does not exist. */
  #tellRefused(topic: string): void {
    const { errorCode = 0 } = this.#cluster.topic(topic) ?? {}
    if (errorCode === 0 || errorCode === ErrorCode.UNKNOWN_TOPIC_OR_PARTITION) return
    const { name, text } = errorOf(errorCode)
    const report = `this member leads the group and cannot assign partitions of topic '${topic}', which some member reads: ${name} (${text})`
    this.#listener.warning(`topic ${topic} cannot be assigned`, report)
  }

  /** The assignment is in force. */
  synced(isCurrent: () => boolean): void {
    const found = this.#found
    this.#found = undefined
    if (found !== undefined) this.#inspect(found, isCurrent).catch((error) => this.#listener.failed(error))
  }

  /**
   * A leader that came back and was told to assign nothing does not know what it once left open, nor which topics
   * grew meanwhile: the coordinator has on record what everybody got. If it cannot be asked, a rebalance finds out.
   */
  async #inspect(members: readonly MemberSubscription[], isCurrent: () => boolean): Promise<void> {
    let isComplete = false
    try {
      const counts = await this.#countsFor(members)
      const { groups } = await this.#describe([this.#group])
      if (!isCurrent()) return
      const assigned = groups.flatMap((g) => g.members.flatMap((m) => decodeAssignment(m.memberAssignment)))
      this.#watch.begin(counts, this.#racksFor(members, counts), assigned)
      isComplete = isWhole(counts, assigned)
    } catch (error) {
      if (!mayPass(error) && !(error instanceof WireError) && !(error instanceof TidemarkError)) throw error
      this.#listener.warning(
        'the assignment on record cannot be read',
        `the assignment of group '${this.#group}' is made again: ${textOf(error)}`,
      )
    }
    if (!isComplete && isCurrent()) this.#outdated()
  }

  clusterChanged(): void {
    this.#watch.clusterChanged()
  }

  end(): void {
    this.#watch.end()
  }
}
