/**
 * A member of another make, over the wire alone: it speaks nothing but the eager `range`, so the whole group does
 * while it is in it. It handles and commits nothing, and leaves after a while.
 */
import type { Connection } from '@tidemark/platform'
import {
  type Api,
  apis,
  ConsumerProtocolAssignment,
  ConsumerProtocolSubscription,
  codecOf,
  decodeResponse,
  ErrorCode,
  encodeRequest,
  FrameSplitter,
  type Message,
  peekResponse,
  Writer,
} from '@tidemark/protocol'
import type { Process } from '@tidemark/testing/internal'
import { GROUP, PORT, type World } from '../world.ts'

const VERSIONS = new Map<Api, number>([
  [apis.JoinGroup, 5],
  [apis.SyncGroup, 3],
  [apis.Heartbeat, 3],
  [apis.LeaveGroup, 3],
])

export class ForeignMember {
  readonly #world: World
  readonly #process: Process
  readonly #untilMs: number
  readonly #waiting = new Map<number, { api: Api; resolve: (body: any) => void; reject: (error: Error) => void }>()
  #connection: Connection | undefined
  #correlation = 0
  #tries = 0
  #memberId = ''

  constructor(world: World, process: Process, forMs: number) {
    this.#world = world
    this.#process = process
    this.#untilMs = world.scheduler.now + forMs
  }

  /** Resolves when it has left, or lost its connection. */
  async run(): Promise<void> {
    try {
      await this.#connect()
      while (this.#world.scheduler.now < this.#untilMs && !this.#world.calm) await this.#generation()
      await this.#ask(apis.LeaveGroup, { groupId: GROUP, members: [{ memberId: this.#memberId }] })
    } catch (error) {
      if (!(error instanceof Gone)) throw error
    }
    this.#process.crash()
  }

  async #generation(): Promise<void> {
    const topics = this.#world.topicNames
    const metadata = versioned(ConsumerProtocolSubscription, 0, { topics, userData: null })
    const joined = await this.#ask(apis.JoinGroup, {
      groupId: GROUP,
      sessionTimeoutMs: 400,
      rebalanceTimeoutMs: 800,
      memberId: this.#memberId,
      protocolType: 'consumer',
      protocols: [{ name: 'range', metadata }],
    })
    if (joined.errorCode === ErrorCode.MEMBER_ID_REQUIRED) this.#memberId = joined.memberId
    if (joined.errorCode === ErrorCode.UNKNOWN_MEMBER_ID) this.#memberId = ''
    if (joined.errorCode === ErrorCode.NOT_COORDINATOR) await this.#connect() // to the next node
    if (joined.errorCode !== 0) return this.#wait(20)
    this.#memberId = joined.memberId
    const { generationId, memberId, leader, members } = joined
    const assignments = leader === memberId ? this.#assign(members.map((m: { memberId: string }) => m.memberId).sort()) : []
    const synced = await this.#ask(apis.SyncGroup, { groupId: GROUP, generationId, memberId, assignments })
    if (synced.errorCode !== 0) return
    for (;;) {
      await this.#wait(60)
      if (this.#world.scheduler.now >= this.#untilMs || this.#world.calm) return
      const beaten = await this.#ask(apis.Heartbeat, { groupId: GROUP, generationId, memberId })
      if (beaten.errorCode !== 0) return
    }
  }

  #assign(members: readonly string[]) {
    const given = members.map(() => new Map<string, number[]>())
    for (const topic of this.#world.topicNames) {
      for (let p = 0; p < this.#world.plan.partitions; p++) {
        const topics = given[p % members.length]!
        topics.set(topic, [...(topics.get(topic) ?? []), p])
      }
    }
    return members.map((memberId, i) => {
      const assignedPartitions = [...given[i]!].map(([topic, partitions]) => ({ topic, partitions }))
      return { memberId, assignment: versioned(ConsumerProtocolAssignment, 0, { assignedPartitions, userData: null }) }
    })
  }

  #wait(ms: number): Promise<void> {
    return new Promise((resolve) => this.#process.later(ms, resolve))
  }

  async #connect(): Promise<void> {
    const before = this.#connection
    try {
      this.#connection = await this.#process.platform.transport.connect(
        { host: '127.0.0.1', port: PORT + (this.#tries++ % this.#world.plan.nodes.count) },
        300,
      )
    } catch {
      throw new Gone() // the broker is down: nothing to annoy
    }
    if (before !== undefined) {
      before.handlers = { onData() {}, onDrain() {}, onClose() {} }
      before.destroy()
    }
    const frames = new FrameSplitter()
    this.#connection.handlers = {
      onData: (bytes) => {
        for (const frame of frames.push(bytes)) this.#answered(Buffer.from(frame))
      },
      onDrain: () => {},
      onClose: () => {
        this.#connection = undefined
        for (const { reject } of this.#waiting.values()) reject(new Gone())
      },
    }
  }

  #answered(frame: Buffer): void {
    const id = peekResponse(frame)
    const waiting = this.#waiting.get(id)
    this.#waiting.delete(id)
    waiting?.resolve(decodeResponse(waiting.api, VERSIONS.get(waiting.api)!, frame))
  }

  #ask(api: Api, body: object): Promise<any> {
    if (this.#connection === undefined) return Promise.reject(new Gone())
    const id = this.#correlation++
    this.#connection.write(encodeRequest(api, VERSIONS.get(api)!, id, this.#process.name, body as never))
    return new Promise((resolve, reject) => this.#waiting.set(id, { api, resolve, reject }))
  }
}

class Gone extends Error {}

function versioned(message: Message<any>, version: number, value: unknown): Buffer {
  const w = new Writer(256)
  w.int16(version)
  codecOf(message, version).encode(w, value as never)
  return Buffer.from(w.written())
}
