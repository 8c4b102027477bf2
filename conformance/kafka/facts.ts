/**
 * Facts about commits that no document of Kafka's states: asked of a broker, one answer a line, so that the same
 * questions to Apache Kafka and to ours can be compared. A cooperative group of two is rebalanced by hand, and in each
 * of its phases the same is committed and read.
 */

import { createAdmin, createKafka, type Kafka } from '@tidemark/client'
import { handleOf } from '@tidemark/client/internal'
import { apis, ConsumerProtocolSubscription, codecOf, errorOf, Writer } from '@tidemark/protocol'
import { sleep } from '../waiting.ts'

export interface Fact {
  readonly question: string
  readonly answer: string
}

/** The longest that one commit may carry (`offset.metadata.max.bytes`), in what unit is the question. */
const METADATA_MAX = 4_096

interface Sender {
  readonly generation: number
  readonly memberId: string
}
const NOBODY: Sender = { generation: -1, memberId: '' }

export async function askFacts(brokers: readonly string[]): Promise<Fact[]> {
  await using kafka = createKafka({ brokers, clientId: 'facts' })
  const name = `facts-${process.pid}`
  await createAdmin(kafka).topics.create(name, { partitions: 1 })
  return [...(await metadataFacts(kafka, name)), ...(await rebalanceFacts(kafka, name))]
}

async function metadataFacts(kafka: Kafka, topic: string): Promise<Fact[]> {
  const asked: readonly (readonly [string, string, number])[] = [
    ['U+0061 (1 byte of UTF-8, 1 unit of UTF-16)', 'a', METADATA_MAX],
    ['U+3400 (3 bytes, 1 unit)', '\u3400', METADATA_MAX],
    ['U+20000 (4 bytes, 2 units)', '\u{20000}', METADATA_MAX / 2],
  ]
  const facts: Fact[] = []
  for (const [what, letter, longest] of asked) {
    for (const length of [longest, longest + 1]) {
      const answer = await commit(kafka, 'facts-metadata', topic, NOBODY, letter.repeat(length))
      facts.push({ question: `metadata of ${length} × ${what}`, answer })
    }
  }
  const kept = await createAdmin(kafka).groups.offsets('facts-metadata')
  facts.push({ question: 'the metadata comes back as it was', answer: String(kept[0]?.metadata === '\u{20000}'.repeat(METADATA_MAX / 2)) })
  return facts
}

async function rebalanceFacts(kafka: Kafka, topic: string): Promise<Fact[]> {
  const group = `facts-rebalance-${process.pid}`
  const [a, b] = [new Hand(kafka, group, topic), new Hand(kafka, group, topic)]
  const facts: Fact[] = []
  const inPhase = async (phase: string, senders: Readonly<Record<string, Sender>>): Promise<void> => {
    for (const [who, sender] of Object.entries(senders)) {
      facts.push({ question: `OffsetCommit in ${phase}, ${who}`, answer: await commit(kafka, group, topic, sender, '') })
    }
    facts.push({ question: `OffsetFetch in ${phase}`, answer: await fetchOffsets(kafka, group, topic) })
    facts.push({ question: `Heartbeat in ${phase}`, answer: await a.heartbeat() })
  }
  const others = (): Record<string, Sender> => ({
    'a generation too old': { ...a.sender, generation: a.sender.generation - 1 },
    'a generation too new': { ...a.sender, generation: a.sender.generation + 1 },
    'a member that is not in the group': { generation: a.sender.generation, memberId: 'nobody' },
    'no member and no generation': NOBODY,
  })

  await a.join()
  await a.sync()
  await inPhase('Stable', { 'the current generation': a.sender, ...others() })

  const joining = b.join()
  await reached(kafka, group, 'PreparingRebalance')
  await inPhase('PreparingRebalance', { 'the current generation': a.sender, ...others() })

  const before = a.sender
  await Promise.all([a.join(), joining])
  await reached(kafka, group, 'CompletingRebalance')
  await inPhase('CompletingRebalance', { 'the new generation': a.sender, 'the generation before': before, ...others() })

  await Promise.all([a.sync(), b.sync()])
  await inPhase('Stable again', { 'the new generation': a.sender, 'the generation before': before })
  await a.leave()
  await b.leave()
  await reached(kafka, group, 'Empty')
  facts.push({ question: 'OffsetCommit in Empty, no member and no generation', answer: await commit(kafka, group, topic, NOBODY, '') })
  facts.push({ question: 'OffsetCommit in Empty, a member that left', answer: await commit(kafka, group, topic, a.sender, '') })
  facts.push({ question: 'OffsetFetch in Empty', answer: await fetchOffsets(kafka, group, topic) })
  return facts
}

/** A member whose every request is sent by hand. */
class Hand {
  readonly #kafka: Kafka
  readonly #group: string
  readonly #metadata: Uint8Array
  #leads = false
  #members: readonly string[] = []
  sender: Sender = NOBODY

  constructor(kafka: Kafka, group: string, topic: string) {
    this.#kafka = kafka
    this.#group = group
    const w = new Writer()
    w.int16(1)
    codecOf(ConsumerProtocolSubscription, 1).encode(w, { topics: [topic], userData: null, ownedPartitions: [] })
    this.#metadata = w.written()
  }

  get #to() {
    return { node: { coordinator: this.#group }, purpose: 'coordinator', owner: this, timeoutMs: 60_000 } as const
  }

  async join(): Promise<void> {
    for (;;) {
      const body = {
        groupId: this.#group,
        sessionTimeoutMs: 30_000,
        rebalanceTimeoutMs: 30_000,
        memberId: this.sender.memberId,
        protocolType: 'consumer',
        protocols: [{ name: 'cooperative-sticky', metadata: this.#metadata }],
      }
      const { body: answer } = await handleOf(this.#kafka).cluster.send(apis.JoinGroup, body, this.#to)
      this.sender = { memberId: answer.memberId, generation: answer.generationId }
      const error = errorOf(answer.errorCode).name
      if (error === 'NONE') {
        this.#leads = answer.leader === answer.memberId
        this.#members = answer.members.map((m) => m.memberId)
        return
      }
      if (error !== 'MEMBER_ID_REQUIRED') throw new Error(`JoinGroup: ${error}`)
    }
  }

  async sync(): Promise<void> {
    const body = {
      groupId: this.#group,
      generationId: this.sender.generation,
      memberId: this.sender.memberId,
      protocolType: 'consumer',
      protocolName: 'cooperative-sticky',
      assignments: this.#leads ? this.#members.map((memberId) => ({ memberId, assignment: new Uint8Array(0) })) : [],
    }
    const { body: answer } = await handleOf(this.#kafka).cluster.send(apis.SyncGroup, body, this.#to)
    if (answer.errorCode !== 0) throw new Error(`SyncGroup: ${errorOf(answer.errorCode).name}`)
  }

  async heartbeat(): Promise<string> {
    const body = { groupId: this.#group, generationId: this.sender.generation, memberId: this.sender.memberId }
    const { body: answer } = await handleOf(this.#kafka).cluster.send(apis.Heartbeat, body, { ...this.#to, owner: this.#kafka })
    return errorOf(answer.errorCode).name
  }

  async leave(): Promise<void> {
    await handleOf(this.#kafka).cluster.send(
      apis.LeaveGroup,
      { groupId: this.#group, members: [{ memberId: this.sender.memberId }] },
      this.#to,
    )
  }
}

async function commit(kafka: Kafka, groupId: string, topic: string, sender: Sender, committedMetadata: string): Promise<string> {
  const partitions = [{ partitionIndex: 0, committedOffset: 1, committedMetadata }]
  const body = { groupId, generationIdOrMemberEpoch: sender.generation, memberId: sender.memberId, topics: [{ name: topic, partitions }] }
  return retried(async () => {
    const answer = await handleOf(kafka).cluster.send(apis.OffsetCommit, body, coordinatorOf(groupId))
    return answer.body.topics[0]!.partitions[0]!.errorCode
  })
}

async function fetchOffsets(kafka: Kafka, groupId: string, topic: string): Promise<string> {
  const groups = [{ groupId, topics: [{ name: topic, partitionIndexes: [0] }] }]
  let offset = -1
  const error = await retried(async () => {
    const { body } = await handleOf(kafka).cluster.send(apis.OffsetFetch, { groups, requireStable: true }, coordinatorOf(groupId))
    const [of] = body.groups
    const [partition] = of!.topics[0]?.partitions ?? []
    offset = partition?.committedOffset ?? -1
    return of!.errorCode || (partition?.errorCode ?? 0)
  })
  return error === 'NONE' ? `NONE, offset ${offset}` : error
}

const coordinatorOf = (group: string) => ({ node: { coordinator: group }, purpose: 'admin', versionMax: 9 }) as const

/** A coordinator that has just begun is asked again. */
async function retried(ask: () => Promise<number>): Promise<string> {
  for (;;) {
    const { name } = errorOf(await ask())
    if (!['NOT_COORDINATOR', 'COORDINATOR_NOT_AVAILABLE', 'COORDINATOR_LOAD_IN_PROGRESS'].includes(name)) return name
    await sleep(100)
  }
}

async function reached(kafka: Kafka, group: string, state: string): Promise<void> {
  for (let tries = 0; tries < 200; tries++) {
    const { body } = await handleOf(kafka).cluster.send(
      apis.DescribeGroups,
      { groups: [group] },
      { ...coordinatorOf(group), versionMax: 5 },
    )
    if (body.groups[0]!.groupState === state) return
    await sleep(50)
  }
  throw new Error(`group ${group} never reached ${state}`)
}
