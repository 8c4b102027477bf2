/**
 * Reads off the wire what each client was refused because another node leads or coordinates, and what it has learnt
 * since: so that it can be seen whether it goes on asking the wrong one. Members of another make look nowhere.
 */
import { type Api, apiByKey, apis, decodeRequest, decodeResponse, ErrorCode, peekRequest, peekResponse } from '@tidemark/protocol'
import type { Process, Tap } from '@tidemark/testing/internal'
import type { Fact } from '../facts.ts'
import type { TopicNames } from './topic-names.ts'

interface Exchange {
  readonly api: Api
  readonly version: number
  readonly body: any
  readonly sentAt: number
}

interface Told {
  readonly code: number
  readonly leader?: number
}

const OF_GROUPS: readonly Api[] = [apis.JoinGroup, apis.SyncGroup, apis.Heartbeat, apis.OffsetCommit, apis.OffsetFetch]
const OF_PARTITIONS: readonly Api[] = [apis.Produce, apis.Fetch, apis.ListOffsets, apis.OffsetForLeaderEpoch]
const watched: ReadonlySet<number> = new Set([...OF_GROUPS, ...OF_PARTITIONS, apis.Metadata, apis.FindCoordinator].map(({ key }) => key))

export class RefusalWatch implements Tap {
  readonly #nodeAt: (port: number) => number | undefined
  readonly #names: TopicNames
  readonly #tell: (fact: Fact) => void
  readonly #nodes = new Map<number, number>()
  readonly #exchanges = new Map<string, Exchange>()
  /** Counts what is sent and answered: their order. */
  #at = 0

  constructor(nodeAt: (port: number) => number | undefined, names: TopicNames, tell: (fact: Fact) => void) {
    this.#nodeAt = nodeAt
    this.#names = names
    this.#tell = tell
  }

  opened(_client: Process, connection: number, port: number): void {
    const node = this.#nodeAt(port)
    if (node !== undefined) this.#nodes.set(connection, node)
  }

  arrived(): void {}
  decided(): void {}
  closed(): void {}

  sent(client: Process, connection: number, frame: Buffer): void {
    const { apiKey, apiVersion: version, correlationId } = peekRequest(frame)
    if (!watched.has(apiKey) || !this.#nodes.has(connection) || client.name.startsWith('foreign-')) return
    const api = apiByKey.get(apiKey)!
    const { body } = decodeRequest(api, version, frame)
    this.#exchanges.set(`${connection}/${correlationId}`, { api, version, body, sentAt: ++this.#at })
  }

  answered(client: Process, connection: number, frame: Buffer): void {
    const node = this.#nodes.get(connection)
    const id = `${connection}/${node === undefined ? '' : peekResponse(frame)}`
    const exchange = this.#exchanges.get(id)
    if (node === undefined || exchange === undefined) return
    this.#exchanges.delete(id)
    const { api, version, body, sentAt } = exchange
    const answer: any = decodeResponse(api, version, frame)
    const at = ++this.#at
    const learnt = (what: string, leader?: number): void =>
      this.#tell({ kind: 'leaderLearnt', process: client, what, at, ...(leader !== undefined && { leader }) })
    if (api.key === apis.Metadata.key) {
      for (const t of answer.topics) learnt(`topic ${this.#names.of(t.name, t.topicId)}`)
      return
    }
    if (api.key === apis.FindCoordinator.key) {
      for (const key of body.coordinatorKeys.length > 0 ? body.coordinatorKeys : [body.key]) learnt(`group ${key}`)
      return
    }
    for (const [what, { code, leader = -1 }] of this.#toldIn(api, body, answer)) {
      if (code === ErrorCode.NOT_LEADER_OR_FOLLOWER || code === ErrorCode.NOT_COORDINATOR)
        this.#tell({ kind: 'sentElsewhere', process: client, api: api.name, what, node, sentAt, at })
      if (leader >= 0 && leader !== node) learnt(what, leader)
    }
  }

  /** What the answer says of each partition, or of the group. */
  #toldIn(api: Api, body: any, answer: any): Map<string, Told> {
    if (OF_GROUPS.includes(api)) return toldOfGroups(body, answer)
    const told = new Map<string, Told>()
    for (const t of answer.responses ?? answer.topics) {
      const topic = this.#names.of(t.name ?? t.topic, t.topicId)
      for (const p of t.partitionResponses ?? t.partitions) {
        const partition = p.index ?? p.partitionIndex ?? p.partition
        told.set(`topic ${topic} ${partition}`, { code: p.errorCode, leader: p.currentLeader?.leaderId })
      }
    }
    return told
  }
}

function toldOfGroups(body: any, answer: any): Map<string, Told> {
  if (answer.groups?.length > 0) return new Map(answer.groups.map((g: any) => [`group ${g.groupId}`, { code: g.errorCode }]))
  const codes: number[] = (answer.topics ?? []).flatMap((t: any) => t.partitions.map((p: any) => p.errorCode))
  const code = answer.errorCode || (codes.find((c) => c === ErrorCode.NOT_COORDINATOR) ?? ErrorCode.NONE)
  return new Map([[`group ${body.groupId}`, { code }]])
}
