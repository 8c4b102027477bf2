/**
 * Reads off the wire which node answers for what: what leaders and coordinators say, what nodes tell of leaders, and
 * what stands in the logs. Only of a broker of several nodes.
 */
import {
  type Api,
  apiByKey,
  apis,
  batchesIn,
  decodeRequest,
  decodeResponse,
  ErrorCode,
  peekRequest,
  peekResponse,
} from '@tidemark/protocol'
import type { Process, Tap } from '@tidemark/testing/internal'
import type { Eras } from '../eras.ts'
import { type Fact, placeOf } from '../facts.ts'
import type { TopicNames } from './topic-names.ts'

interface Exchange {
  readonly api: Api
  readonly version: number
  readonly body: any
  era: number | undefined
  /** Of a Produce: the batches that no earlier request had brought. */
  first: ReadonlySet<string>
}

export interface LeaderWatchParts {
  readonly tell: (fact: Fact) => void
  /** A node refused what another one leads: the name of the API. */
  readonly refused: (api: string) => void
  readonly names: TopicNames
  readonly eras: Eras
  /** Undefined: no node of the broker listens at the port. */
  readonly nodeAt: (port: number) => number | undefined
  readonly later: (ms: number, run: () => void) => void
}

/** By the group that they name. */
const OF_GROUPS: readonly Api[] = [apis.JoinGroup, apis.SyncGroup, apis.Heartbeat, apis.LeaveGroup, apis.OffsetCommit, apis.OffsetFetch]
const OF_PARTITIONS: readonly Api[] = [apis.Produce, apis.Fetch, apis.ListOffsets, apis.OffsetForLeaderEpoch]
/** They move leaders. */
const MOVING: readonly Api[] = [apis.ElectLeaders, apis.AlterPartitionReassignments]
const keysOf = (all: readonly Api[]): ReadonlySet<number> => new Set(all.map(({ key }) => key))
const ofGroups = keysOf(OF_GROUPS)
const moving = keysOf(MOVING)
const watched = keysOf([...OF_GROUPS, ...OF_PARTITIONS, ...MOVING, apis.Metadata])

/** A request whose connection broke is over by then. */
const OVER_AFTER_MS = 1_000
/** Where a batch has its checksum. */
const CRC_AT = 17
/** What only a leader or a coordinator can say, and the man in the middle does not. */
const SERVED: ReadonlySet<number> = new Set([
  ErrorCode.NONE,
  ErrorCode.OFFSET_OUT_OF_RANGE,
  ErrorCode.UNKNOWN_MEMBER_ID,
  ErrorCode.ILLEGAL_GENERATION,
  ErrorCode.FENCED_INSTANCE_ID,
  ErrorCode.OUT_OF_ORDER_SEQUENCE_NUMBER,
])

export class LeaderWatch implements Tap {
  readonly #parts: LeaderWatchParts
  readonly #nodes = new Map<number, number>()
  readonly #exchanges = new Map<string, Exchange>()
  /** Batches that reached some node, by place and checksum, and those of them that were refused. */
  readonly #arrivals = new Map<string, number>()
  readonly #closed = new Set<number>()
  readonly #seen = new Set<string>()

  constructor(parts: LeaderWatchParts) {
    this.#parts = parts
  }

  opened(_client: Process, connection: number, port: number): void {
    const node = this.#parts.nodeAt(port)
    if (node !== undefined) this.#nodes.set(connection, node)
  }

  sent(): void {}
  answered(): void {}

  arrived(_client: Process, connection: number, frame: Buffer): void {
    if (!this.#nodes.has(connection)) return
    const { apiKey, apiVersion: version, correlationId } = peekRequest(frame)
    if (!watched.has(apiKey)) return
    const api = apiByKey.get(apiKey)!
    const { body } = decodeRequest(api, version, frame)
    const id = `${connection}/${correlationId}`
    const exchange: Exchange = { api, version, body, era: this.#parts.eras.current, first: new Set() }
    this.#exchanges.set(id, exchange)
    if (moving.has(apiKey)) this.#parts.eras.begin(id)
    if (this.#closed.has(connection)) this.#endLater(connection) // it was under way when its client closed
    if (apiKey === apis.Produce.key) exchange.first = this.#produced(body)
  }

  /** Counts the batches of a request; those that are here for the first time. */
  #produced(body: any): ReadonlySet<string> {
    const first = new Set<string>()
    for (const { place, crc } of this.#batchesOf(body)) {
      const key = `${place} ${crc}`
      const count = this.#arrivals.get(key) ?? 0
      if (count === 0) first.add(key)
      this.#arrivals.set(key, count + 1)
      this.#parts.tell({ kind: 'batchArrived', place, crc })
    }
    return first
  }

  *#batchesOf(body: any): Generator<{ place: string; crc: number }> {
    for (const { name, topicId, partitionData } of body.topicData) {
      const topic = this.#parts.names.of(name, topicId)
      for (const { index, records } of partitionData) {
        if (records === null) continue
        for (const { at } of batchesIn(records)) yield { place: placeOf(topic, index), crc: records.readUInt32BE(at + CRC_AT) }
      }
    }
  }

  decided(_client: Process, connection: number, frame: Buffer): void {
    const node = this.#nodes.get(connection)
    const id = `${connection}/${node === undefined ? '' : peekResponse(frame)}`
    const exchange = this.#exchanges.get(id)
    if (node === undefined || exchange === undefined) return
    this.#exchanges.delete(id)
    const { api, version, body } = exchange
    if (moving.has(api.key)) return this.#parts.eras.end(id)
    const answer: any = decodeResponse(api, version, frame)
    const served = (what: string, code: number): void => this.#judge(api, node, exchange.era, what, code)
    if (api.key === apis.Metadata.key) this.#metadata(answer)
    else if (api.key === apis.Produce.key) this.#produceDecided(node, exchange, answer, served)
    else if (api.key === apis.Fetch.key) this.#fetchDecided(answer, served)
    else if (ofGroups.has(api.key)) this.#groupDecided(body, answer, served)
    else {
      for (const t of answer.topics) {
        const topic = this.#parts.names.named(t.name ?? t.topic)
        for (const p of t.partitions) served(placeOf(topic, p.partitionIndex ?? p.partition), p.errorCode)
      }
    }
  }

  #judge(api: Api, node: number, era: number | undefined, what: string, code: number): void {
    if (code === ErrorCode.NOT_LEADER_OR_FOLLOWER || code === ErrorCode.NOT_COORDINATOR) this.#parts.refused(api.name)
    if (era === undefined || era !== this.#parts.eras.current || !SERVED.has(code)) return
    this.#once(`${era} ${node} ${what}`, { kind: 'served', node, era, what, api: api.name })
  }

  #groupDecided(body: any, answer: any, served: (what: string, code: number) => void): void {
    if (answer.groups?.length > 0) {
      for (const g of answer.groups) served(`group ${g.groupId}`, g.errorCode)
      return
    }
    const codes: number[] = [...(answer.topics ?? []).flatMap((t: any) => t.partitions.map((p: any) => p.errorCode))]
    if (codes.length === 0 || answer.errorCode !== 0) codes.push(answer.errorCode ?? ErrorCode.NONE)
    served(`group ${body.groupId}`, codes.find((code) => code !== 0) ?? 0)
  }

  #metadata(answer: any): void {
    for (const t of answer.topics) {
      if (t.errorCode !== 0) continue
      const topic = this.#parts.names.of(t.name, t.topicId)
      for (const p of t.partitions) this.#told(placeOf(topic, p.partitionIndex), p.leaderEpoch, p.leaderId)
    }
  }

  #told(place: string, epoch: number, leader: number): void {
    if (leader >= 0) this.#once(`${place} ${epoch} ${leader}`, { kind: 'leaderTold', place, epoch, leader })
  }

  #produceDecided(node: number, { body, first }: Exchange, answer: any, served: (what: string, code: number) => void): void {
    const codes = new Map<string, any>()
    for (const { name, topicId, partitionResponses } of answer.responses) {
      const topic = this.#parts.names.of(name, topicId)
      for (const p of partitionResponses) {
        const place = placeOf(topic, p.index)
        served(place, p.errorCode)
        codes.set(place, p)
        if (p.currentLeader !== undefined) this.#told(place, p.currentLeader.leaderEpoch, p.currentLeader.leaderId)
      }
    }
    for (const { place, crc } of this.#batchesOf(body)) {
      const p = codes.get(place)
      if (p?.errorCode === ErrorCode.NOT_LEADER_OR_FOLLOWER) this.#parts.tell({ kind: 'batchRefused', place, crc })
      // Of a batch that came before, an answer may tell what another node did.
      if (p?.errorCode === 0 && p.baseOffset >= 0 && first.has(`${place} ${crc}`) && this.#arrivals.get(`${place} ${crc}`) === 1)
        this.#parts.tell({ kind: 'appended', node, place, offset: p.baseOffset })
    }
  }

  #fetchDecided(answer: any, served: (what: string, code: number) => void): void {
    for (const t of answer.responses) {
      const topic = this.#parts.names.of(t.topic, t.topicId)
      for (const p of t.partitions) {
        const place = placeOf(topic, p.partitionIndex)
        served(place, p.errorCode)
        if (p.currentLeader !== undefined) this.#told(place, p.currentLeader.leaderEpoch, p.currentLeader.leaderId)
        const records = Buffer.concat(p.records === null || p.records === undefined ? [] : [p.records].flat())
        for (const { at, header } of batchesIn(records)) {
          const { baseOffset: offset, leaderEpoch: epoch } = header
          const crc = records.readUInt32BE(at + CRC_AT)
          this.#once(`${place} ${offset} batch`, { kind: 'batchSeen', place, offset, epoch, crc })
        }
      }
    }
  }

  #once(key: string, fact: Fact): void {
    if (this.#seen.has(key)) return
    this.#seen.add(key)
    this.#parts.tell(fact)
  }

  closed(_client: Process, connection: number): void {
    this.#closed.add(connection)
    this.#endLater(connection)
  }

  /** Changes of leaders whose answers have nowhere to go: they are over after a while. */
  #endLater(connection: number): void {
    for (const [id, { api }] of this.#exchanges) {
      if (!moving.has(api.key) || !id.startsWith(`${connection}/`)) continue
      this.#parts.later(OVER_AFTER_MS, () => this.#parts.eras.end(id))
    }
  }
}

/** Each of them sees everything. */
export function together(taps: readonly Tap[]): Tap {
  return {
    opened(...all) {
      for (const tap of taps) tap.opened(...all)
    },
    sent(...all) {
      for (const tap of taps) tap.sent(...all)
    },
    arrived(...all) {
      for (const tap of taps) tap.arrived(...all)
    },
    answered(...all) {
      for (const tap of taps) tap.answered(...all)
    },
    decided(...all) {
      for (const tap of taps) tap.decided(...all)
    },
    closed(...all) {
      for (const tap of taps) tap.closed(...all)
    },
  }
}
