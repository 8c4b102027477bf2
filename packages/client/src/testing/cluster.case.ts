/**
 * A Kafka cluster for the tests: real frames over the network in memory, a few topics, and Kafka's rules where a
 * client can see them (sequences, epochs, fencing, parking). `on` puts a script in front of an API: answer something
 * else, be silent, hang up.
 */
import type { Connection } from '@tidemark/platform'
import {
  type Api,
  apiByKey,
  apis,
  batchesIn,
  decodeRequest,
  ErrorCode,
  encodeResponse,
  lastOffsetOf,
  peekRequest,
  stampBatch,
  ZERO_UUID,
} from '@tidemark/protocol'
import { FrameReader } from '../connect/frames.ts'
import { FakeFetchSessions } from './fetch-sessions.case.ts'
import type { World } from './world.case.ts'

export interface Call {
  readonly node: number
  readonly api: string
  readonly version: number
  /** Of any API: tests look into it. */
  readonly body: any
  readonly connection: Connection
  readonly atMs: number
}

type Reply = object | 'silent' | 'close'
export type Script = (call: Call, next: () => Promise<any>) => Reply | undefined | Promise<Reply | undefined>

export interface FakePartition {
  leader: number
  epoch: number
  start: number
  end: number
  batches: Buffer[]
  /** Where each epoch begins. */
  epochs: [epoch: number, start: number][]
  sequences: Map<bigint, { epoch: number; next: number; recent: Map<number, number> }>
  aborted: { producerId: bigint; firstOffset: number }[]
  bytesMax: number
  /** Nodes beside the leader that serve a Fetch. */
  followers: Set<number>
}

interface FakeTopic {
  id: string
  partitions: FakePartition[]
}

const NO_GROUP = {
  errorCode: ErrorCode.GROUP_ID_NOT_FOUND,
  groupState: '',
  groupEpoch: 0,
  assignmentEpoch: 0,
  assignorName: '',
  members: [],
}

export class FakeCluster {
  readonly world: World
  readonly nodeIds: number[]
  readonly topics = new Map<string, FakeTopic>()
  readonly calls: Call[] = []
  readonly versionsMax = new Map<number, number>()
  autoCreate = false
  /** Of each node; undefined: sessions are declined. */
  fetchSessions: Map<number, FakeFetchSessions> | undefined
  coordinator: number
  clusterId = 'fake'
  /** Members' and offsets' answers, for admin tests. */
  #producerIds = 1000n
  readonly #scripts = new Map<string, Script[]>()
  readonly #serverSide = new Set<Connection>()
  #waiting: (() => void)[] = []

  constructor(world: World, nodes = 1) {
    this.world = world
    this.nodeIds = Array.from({ length: nodes }, (_, i) => i + 1)
    this.coordinator = 1
    for (const node of this.nodeIds) this.start(node)
  }

  get brokers(): string[] {
    return this.nodeIds.map((n) => `node${n}:9092`)
  }

  start(node: number): void {
    void this.world.listen({ host: `node${node}`, port: 9092 }, (connection) => this.#accept(node, connection))
  }

  /** Hangs up on everybody. */
  disconnectAll(): void {
    for (const c of this.#serverSide) c.destroy()
    this.#serverSide.clear()
  }

  on(api: keyof typeof apis, script: Script): () => void {
    const scripts = this.#scripts.get(api) ?? []
    this.#scripts.set(api, scripts)
    scripts.unshift(script)
    return () => void scripts.splice(scripts.indexOf(script), 1)
  }

  /** The next call of an API gets this script, once. */
  once(api: keyof typeof apis, script: Script): void {
    const off = this.on(api, (call, next) => {
      off()
      return script(call, next)
    })
  }

  callsOf(api: keyof typeof apis): Call[] {
    return this.calls.filter((c) => c.api === api)
  }

  create(name: string, partitions = 1): FakeTopic {
    const topic = { id: this.world.uuid(), partitions: Array.from({ length: partitions }, (_, i) => this.#partition(i)) }
    this.topics.set(name, topic)
    return topic
  }

  #partition(i: number): FakePartition {
    const leader = this.nodeIds[i % this.nodeIds.length]!
    return {
      leader,
      epoch: 0,
      start: 0,
      end: 0,
      batches: [],
      epochs: [[0, 0]],
      sequences: new Map(),
      aborted: [],
      bytesMax: 1_048_588,
      followers: new Set(),
    }
  }

  partition(name: string, partition = 0): FakePartition {
    return this.topics.get(name)!.partitions[partition]!
  }

  moveLeader(name: string, partition: number, node: number): void {
    const p = this.partition(name, partition)
    p.leader = node
    p.epoch++
    p.epochs.push([p.epoch, p.end])
    this.wake()
  }

  /** Appends a batch as a producer's would be. Its records' offsets follow the end of the log. */
  append(name: string, partition: number, batch: Buffer): number {
    const p = this.partition(name, partition)
    const bytes = Buffer.from(batch)
    stampBatch(bytes, 0, p.end, p.epoch)
    const base = p.end
    const { header } = [...batchesIn(bytes)][0]!
    p.batches.push(bytes)
    p.end = lastOffsetOf(header) + 1
    this.wake()
    return base
  }

  wake(): void {
    const waiting = this.#waiting
    this.#waiting = []
    for (const call of waiting) call()
  }

  #accept(node: number, connection: Connection): void {
    const reader = new FrameReader(200 * 1024 * 1024)
    let previous: Promise<unknown> = Promise.resolve()
    this.#serverSide.add(connection)
    connection.handlers = {
      onData: (chunk) =>
        reader.push(chunk, (frame) => {
          previous = previous.then(() => this.#serve(node, connection, frame))
        }),
      onDrain() {},
      onClose: () => void this.#serverSide.delete(connection),
    }
  }

  async #serve(node: number, connection: Connection, frame: Buffer): Promise<void> {
    const { apiKey, apiVersion: version, correlationId } = peekRequest(frame)
    const api = apiByKey.get(apiKey)!
    if (api === apis.ApiVersions && version > (this.versionsMax.get(18) ?? 4)) {
      const own = [{ apiKey: 18, minVersion: 0, maxVersion: this.versionsMax.get(18)! }]
      const body = { errorCode: ErrorCode.UNSUPPORTED_VERSION, apiKeys: own }
      return void connection.write(encodeResponse(apis.ApiVersions, 0, correlationId, body))
    }
    const { body } = decodeRequest(api, version, frame)
    const call: Call = { node, api: api.name, version, body, connection, atMs: this.world.monotonic() }
    this.calls.push(call)
    const reply = await this.#reply(call, [...(this.#scripts.get(api.name) ?? [])])
    if (reply === 'close') return connection.destroy()
    if (reply === 'silent') return
    connection.write(encodeResponse(api as Api, version, correlationId, reply as never))
  }

  async #reply(call: Call, scripts: Script[]): Promise<Reply> {
    const [script, ...rest] = scripts
    const next = (): Promise<Reply> => (script === undefined ? this.#answer(call) : this.#reply(call, rest))
    if (script === undefined) return this.#answer(call)
    return (await script(call, next)) ?? next()
  }

  async #answer(call: Call): Promise<Reply> {
    switch (call.api) {
      case 'ApiVersions':
        return this.#apiVersions()
      case 'Metadata':
        return this.#metadata(call)
      case 'FindCoordinator':
        return this.#findCoordinator(call)
      case 'InitProducerId':
        return { errorCode: 0, producerId: this.#producerIds++, producerEpoch: 0 }
      case 'Produce':
        return this.#produce(call)
      case 'ListOffsets':
        return this.#listOffsets(call)
      case 'OffsetForLeaderEpoch':
        return this.#offsetForLeaderEpoch(call)
      case 'Fetch':
        return this.#fetch(call)
      case 'CreateTopics':
        return this.#createTopics(call)
      case 'ListGroups':
        return { errorCode: 0, groups: [] }
      case 'ConsumerGroupDescribe':
        return { groups: call.body.groupIds.map((groupId: string) => ({ ...NO_GROUP, groupId })) }
      default:
        throw new Error(`${call.api} has no answer here; script one`)
    }
  }

  #apiVersions(): object {
    const apiKeys = Object.values(apis).map((a) => ({
      apiKey: a.key,
      minVersion: a.request.versions[0],
      maxVersion: Math.min(a.request.versions[1], this.versionsMax.get(a.key) ?? 99),
    }))
    return { errorCode: 0, apiKeys }
  }

  #metadata({ body }: Call): object {
    const names: string[] = body.topics === null ? [...this.topics.keys()] : body.topics.map((t: { name: string }) => t.name)
    const topics = names.map((name) => {
      const topic = this.topics.get(name)
      if (topic === undefined) {
        if (this.autoCreate && body.allowAutoTopicCreation) this.create(name)
        const errorCode =
          this.autoCreate && body.allowAutoTopicCreation ? ErrorCode.LEADER_NOT_AVAILABLE : ErrorCode.UNKNOWN_TOPIC_OR_PARTITION
        return { errorCode, name, topicId: ZERO_UUID, isInternal: false, partitions: [] }
      }
      const partitions = topic.partitions.map((p, partitionIndex) => ({
        errorCode: p.leader < 0 ? ErrorCode.LEADER_NOT_AVAILABLE : 0,
        partitionIndex,
        leaderId: p.leader,
        leaderEpoch: p.epoch,
        replicaNodes: this.nodeIds,
        isrNodes: this.nodeIds,
      }))
      return { errorCode: 0, name, topicId: topic.id, isInternal: false, partitions }
    })
    const brokers = this.nodeIds.map((nodeId) => ({ nodeId, host: `node${nodeId}`, port: 9092, rack: null }))
    return { brokers, clusterId: this.clusterId, controllerId: this.nodeIds[0], topics }
  }

  #findCoordinator({ body, version }: Call): object {
    const node = { nodeId: this.coordinator, host: `node${this.coordinator}`, port: 9092 }
    if (version < 4) return { errorCode: 0, errorMessage: '', ...node }
    return { coordinators: body.coordinatorKeys.map((key: string) => ({ key, ...node, errorCode: 0, errorMessage: null })) }
  }

  #produce({ node, body }: Call): Reply {
    const responses = body.topicData.map((t: any) => {
      const found = this.#topicOf(t.name, t.topicId)
      const partitionResponses = t.partitionData.map(({ index, records }: any) => {
        const p = found?.partitions[index]
        if (p === undefined) return { index, errorCode: ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, baseOffset: -1 }
        if (p.leader !== node) return { index, errorCode: ErrorCode.NOT_LEADER_OR_FOLLOWER, baseOffset: -1 }
        return { index, ...this.#appendProduced(p, Buffer.from(records)), logStartOffset: p.start }
      })
      return { name: t.name, topicId: t.topicId, partitionResponses }
    })
    this.wake()
    return body.acks === 0 ? 'silent' : { responses }
  }

  #appendProduced(p: FakePartition, bytes: Buffer): { errorCode: number; baseOffset: number } {
    const { header } = [...batchesIn(bytes)][0]!
    if (bytes.length > p.bytesMax) return { errorCode: ErrorCode.MESSAGE_TOO_LARGE, baseOffset: -1 }
    if (header.producerId >= 0n) {
      const known = p.sequences.get(header.producerId)
      const duplicate = known?.epoch === header.producerEpoch ? known.recent.get(header.baseSequence) : undefined
      if (duplicate !== undefined) return { errorCode: 0, baseOffset: duplicate }
      if (known !== undefined && header.producerEpoch < known.epoch) return { errorCode: ErrorCode.INVALID_PRODUCER_EPOCH, baseOffset: -1 }
      const expected = known === undefined ? header.baseSequence : header.producerEpoch > known.epoch ? 0 : known.next
      if (header.baseSequence !== expected) return { errorCode: ErrorCode.OUT_OF_ORDER_SEQUENCE_NUMBER, baseOffset: -1 }
      const recent = known?.epoch === header.producerEpoch ? known.recent : new Map<number, number>()
      recent.set(header.baseSequence, p.end)
      p.sequences.set(header.producerId, { epoch: header.producerEpoch, next: header.baseSequence + header.recordCount, recent })
    }
    stampBatch(bytes, 0, p.end, p.epoch)
    p.batches.push(bytes)
    const baseOffset = p.end
    p.end += header.lastOffsetDelta + 1
    return { errorCode: 0, baseOffset }
  }

  #topicOf(name: string, id: string): FakeTopic | undefined {
    return this.topics.get(name) ?? [...this.topics.values()].find((t) => t.id === id)
  }

  #listOffsets({ node, body }: Call): object {
    const topics = body.topics.map((t: any) => ({
      name: t.name,
      partitions: t.partitions.map(({ partitionIndex, timestamp }: any) => {
        const p = this.topics.get(t.name)?.partitions[partitionIndex]
        if (p === undefined) return { partitionIndex, errorCode: ErrorCode.UNKNOWN_TOPIC_OR_PARTITION }
        if (p.leader !== node) return { partitionIndex, errorCode: ErrorCode.NOT_LEADER_OR_FOLLOWER }
        if (timestamp === -2) return { partitionIndex, errorCode: 0, offset: p.start, timestamp: -1, leaderEpoch: p.epoch }
        if (timestamp === -1) return { partitionIndex, errorCode: 0, offset: p.end, timestamp: -1, leaderEpoch: p.epoch }
        const hit = p.batches.flatMap((b) => [...batchesIn(b)]).find(({ header }) => header.maxTimestamp >= timestamp)
        const offset = hit?.header.baseOffset ?? -1
        return {
          partitionIndex,
          errorCode: 0,
          offset,
          timestamp: hit?.header.maxTimestamp ?? -1,
          leaderEpoch: hit?.header.leaderEpoch ?? -1,
        }
      }),
    }))
    return { topics }
  }

  #offsetForLeaderEpoch({ node, body }: Call): object {
    const topics = body.topics.map((t: any) => ({
      topic: t.topic,
      partitions: t.partitions.map(({ partition, leaderEpoch, currentLeaderEpoch }: any) => {
        const p = this.topics.get(t.topic)!.partitions[partition]!
        const errorCode = this.#fenced(p, node, currentLeaderEpoch)
        if (errorCode !== 0) return { errorCode, partition }
        const index = p.epochs.findLastIndex(([epoch]) => epoch <= leaderEpoch)
        if (index < 0) return { errorCode: 0, partition, leaderEpoch: -1, endOffset: -1 }
        const endOffset = p.epochs[index + 1]?.[1] ?? p.end
        return { errorCode: 0, partition, leaderEpoch: p.epochs[index]![0], endOffset }
      }),
    }))
    return { topics }
  }

  #fenced(p: FakePartition, node: number, epoch: number): number {
    if (epoch >= 0 && epoch < p.epoch) return ErrorCode.FENCED_LEADER_EPOCH
    if (epoch > p.epoch) return ErrorCode.UNKNOWN_LEADER_EPOCH
    return p.leader === node ? 0 : ErrorCode.NOT_LEADER_OR_FOLLOWER
  }

  /** From now on brokers have fetch sessions. */
  keepFetchSessions(): Map<number, FakeFetchSessions> {
    this.fetchSessions = new Map(this.nodeIds.map((node) => [node, new FakeFetchSessions()]))
    return this.fetchSessions
  }

  async #fetch(call: Call): Promise<object> {
    const read = (topics: any[]): Promise<any[]> => this.#readWhenThere({ ...call, body: { ...call.body, topics } })
    const sessions = this.fetchSessions?.get(call.node)
    return sessions === undefined ? { responses: await read(call.body.topics) } : sessions.answer(call.body, call.version, read)
  }

  async #readWhenThere(call: Call): Promise<any[]> {
    const deadlineMs = this.world.monotonic() + call.body.maxWaitMs
    for (;;) {
      const { responses, bytes, failed } = this.#readAll(call)
      if (bytes > 0 || failed || this.world.monotonic() >= deadlineMs) return responses
      await new Promise<void>((resolve) => {
        const timer = this.world.schedule(deadlineMs - this.world.monotonic(), resolve)
        this.#waiting.push(() => {
          timer.cancel()
          resolve()
        })
      })
    }
  }

  #readAll({ node, body, version }: Call): { responses: any[]; bytes: number; failed: boolean } {
    let bytes = 0
    let failed = false
    const responses = body.topics.map((t: any) => {
      const topic = version >= 13 ? [...this.topics.values()].find((x) => x.id === t.topicId) : this.topics.get(t.topic)
      const partitions = t.partitions.map((q: any) => {
        const answer = this.#readPartition(topic?.partitions[q.partition], node, q, version, body.isolationLevel)
        bytes += answer.records.length
        failed ||= answer.errorCode !== 0
        return { partitionIndex: q.partition, ...answer }
      })
      return { topic: t.topic, topicId: t.topicId, partitions }
    })
    return { responses, bytes, failed }
  }

  #readPartition(p: FakePartition | undefined, node: number, q: any, version: number, isolation: number) {
    const none = { highWatermark: -1, lastStableOffset: -1, logStartOffset: -1, abortedTransactions: null, records: Buffer.alloc(0) }
    if (p === undefined) return { ...none, errorCode: version >= 13 ? ErrorCode.UNKNOWN_TOPIC_ID : ErrorCode.UNKNOWN_TOPIC_OR_PARTITION }
    const fenced = this.#fenced(p, p.followers.has(node) ? p.leader : node, q.currentLeaderEpoch)
    if (fenced !== 0) return { ...none, errorCode: fenced }
    if (q.fetchOffset < p.start || q.fetchOffset > p.end) return { ...none, errorCode: ErrorCode.OFFSET_OUT_OF_RANGE }
    const batches: Buffer[] = []
    let size = 0
    for (const b of p.batches) {
      const { header } = [...batchesIn(b)][0]!
      if (lastOffsetOf(header) < q.fetchOffset) continue
      if (batches.length > 0 && size + b.length > q.partitionMaxBytes) break
      batches.push(b)
      size += b.length
    }
    const abortedTransactions = isolation === 1 ? p.aborted : null
    return {
      errorCode: 0,
      highWatermark: p.end,
      lastStableOffset: p.end,
      logStartOffset: p.start,
      abortedTransactions,
      records: Buffer.concat(batches),
    }
  }

  #createTopics({ body }: Call): object {
    const topics = body.topics.map((t: any) => {
      if (this.topics.has(t.name))
        return { name: t.name, errorCode: ErrorCode.TOPIC_ALREADY_EXISTS, errorMessage: `Topic '${t.name}' already exists.` }
      const { id } = this.create(t.name, Math.max(1, t.numPartitions))
      return {
        name: t.name,
        topicId: id,
        errorCode: 0,
        errorMessage: null,
        numPartitions: Math.max(1, t.numPartitions),
        replicationFactor: 1,
      }
    })
    return { topics }
  }
}
