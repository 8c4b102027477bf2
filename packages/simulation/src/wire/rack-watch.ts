/**
 * Reads off the wire what the leader of a group knew when it assigned, and whom it gave what: members and their racks
 * from the answer to its JoinGroup, replicas and the racks of nodes from its answers to Metadata.
 *
 * It tells of assignments whose leader knew every node and all topics since before it joined: the others may be right
 * by what was known. For plans in which replicas stay where they are.
 */
import { type Api, apiByKey, apis, decodeRequest, decodeResponse, peekRequest, peekResponse } from '@tidemark/protocol'
import type { Process, Tap } from '@tidemark/testing/internal'
import { type Fact, placeOf, type RackedMember } from '../facts.ts'
import { assignmentIn, subscriptionIn } from './reading.ts'

interface Exchange {
  readonly api: Api
  readonly version: number
  readonly body: any
}

/** What a client knows of the cluster. */
interface Known {
  readonly racks: Map<number, string | null>
  /** Replicas by partition; a topic that the last answer refused is left out. */
  readonly topics: Map<string, readonly (readonly number[])[]>
  /** By group: the members of the generation that it leads. */
  readonly leads: Map<string, Led>
}

interface Led {
  readonly generation: number
  readonly members: readonly RackedMember[]
}

const watched: ReadonlySet<number> = new Set([apis.JoinGroup, apis.SyncGroup, apis.Metadata].map(({ key }) => key))

export class RackWatch implements Tap {
  readonly #nodes: number
  readonly #tell: (fact: Fact) => void
  readonly #exchanges = new Map<string, Exchange>()
  readonly #known = new Map<Process, Known>()

  constructor(nodes: number, tell: (fact: Fact) => void) {
    this.#nodes = nodes
    this.#tell = tell
  }

  opened(): void {}
  arrived(): void {}
  decided(): void {}
  closed(): void {}

  sent(client: Process, connection: number, frame: Buffer): void {
    const { apiKey, apiVersion: version, correlationId } = peekRequest(frame)
    if (!watched.has(apiKey)) return
    const api = apiByKey.get(apiKey)!
    const { body } = decodeRequest(api, version, frame)
    this.#exchanges.set(`${connection}/${correlationId}`, { api, version, body })
    if (apiKey === apis.SyncGroup.key) this.#assigned(client, body)
  }

  answered(client: Process, connection: number, frame: Buffer): void {
    const id = `${connection}/${peekResponse(frame)}`
    const exchange = this.#exchanges.get(id)
    if (exchange === undefined) return
    this.#exchanges.delete(id)
    const answer: any = decodeResponse(exchange.api, exchange.version, frame)
    if (exchange.api.key === apis.Metadata.key) this.#learn(client, answer)
    else if (exchange.api.key === apis.JoinGroup.key) this.#joined(client, exchange.body.groupId, answer)
  }

  #knownTo(client: Process): Known {
    const known = this.#known.get(client) ?? { racks: new Map(), topics: new Map(), leads: new Map() }
    this.#known.set(client, known)
    return known
  }

  #learn(client: Process, answer: any): void {
    const { racks, topics, leads } = this.#knownTo(client)
    for (const { nodeId, rack } of answer.brokers) racks.set(nodeId, rack)
    for (const { name, errorCode, partitions } of answer.topics) {
      if (errorCode === 0 && partitions.length > 0) {
        const sorted = [...partitions].sort((a: any, b: any) => a.partitionIndex - b.partitionIndex)
        topics.set(
          name,
          sorted.map(({ replicaNodes }: any) => replicaNodes),
        )
        continue
      }
      topics.delete(name)
      for (const [group, { members }] of leads) if (members.some((m) => m.topics.includes(name))) leads.delete(group)
    }
  }

  #joined(client: Process, group: string, answer: any): void {
    const { racks, topics, leads } = this.#knownTo(client)
    leads.delete(group)
    const { errorCode, leader, memberId, skipAssignment, protocolName, generationId: generation } = answer
    if (errorCode !== 0 || leader !== memberId || skipAssignment === true || protocolName !== 'cooperative-sticky') return
    const members: RackedMember[] = answer.members.map((m: any) => ({ memberId: m.memberId, ...subscriptionIn(m.metadata) }))
    const isKnown = racks.size === this.#nodes && members.every((m) => m.topics.every((topic) => topics.has(topic)))
    if (isKnown) leads.set(group, { generation, members })
  }

  #assigned(process: Process, { groupId: group, generationId, assignments }: any): void {
    const { racks, topics, leads } = this.#knownTo(process)
    const led = leads.get(group)
    if (led === undefined || led.generation !== generationId || assignments.length === 0) return
    const wanted = new Set(led.members.flatMap((m) => m.topics))
    const replicas = new Map<string, ReadonlySet<string>>()
    for (const topic of wanted) {
      for (const [partition, nodes] of topics.get(topic)!.entries()) {
        const of = nodes.map((node) => racks.get(node)).filter((rack): rack is string => typeof rack === 'string')
        replicas.set(placeOf(topic, partition), new Set(of))
      }
    }
    const given = new Map<string, readonly string[]>(assignments.map((a: any) => [a.memberId, assignmentIn(a.assignment)]))
    this.#tell({ kind: 'groupAssigned', process, group, members: led.members, replicas, given })
  }
}
