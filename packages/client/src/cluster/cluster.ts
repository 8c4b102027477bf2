/**
 * The cluster as this program sees it, and the router of its requests: which node leads what, which one coordinates
 * which group, and one place from which every request is sent. `send` makes one attempt; the caller, who knows what
 * the request does, decides whether to make another.
 */
import { type Address, below, formatAddress, TidemarkError } from '@tidemark/platform'
import { type Api, apis, decodeResponse, ErrorCode, encodeRequest, type MetadataResponse, WireError } from '@tidemark/protocol'
import { abortable, pause, type WaitLimits } from '../connect/abortable.ts'
import { Closing } from '../connect/closing.ts'
import { chooseVersion } from '../connect/handshake.ts'
import type { Link, OpenConnection } from '../connect/link.ts'
import { Links } from '../connect/links.ts'
import { type Diagnostics, textOf } from '../diagnostics.ts'
import type { ResolvedKafkaOptions } from '../options.ts'
import { backoffMs } from '../retry.ts'
import { Coordinators } from './coordinators.ts'
import { NodeRacks } from './node-racks.ts'
import { Refresher } from './refresher.ts'
import { refusedTopic } from './topic-errors.ts'
import type { Answer, Body, ChangeListener, Destination, Node, TopicsOptions, TopicView } from './types.ts'
import { isOpenQuestion, MetadataTimer, missing } from './upkeep.ts'
import { View } from './view.ts'

/** From this version on a Metadata request can say that no topic is to be created. */
const AUTO_CREATE_FLAG_FROM = 4
const REFUSED_CODES: ReadonlySet<string> = new Set(['UNAUTHORIZED', 'TLS_FAILED'])
export const LOST_CODES: ReadonlySet<string> = new Set(['UNREACHABLE', 'TIMED_OUT', 'CONNECTION_LOST'])

/** Whether the connection failed, not the request: another attempt, later or at another node, may help. */
export const isLost = (error: unknown): error is TidemarkError => error instanceof TidemarkError && LOST_CODES.has(error.code)

/** One failed attempt at something that is tried again. */
export interface BackOff {
  /** As it stands in reports and errors: "listing the groups of node 3". */
  readonly what: string
  /** Attempts that failed so far, this one included. */
  readonly failures: number
  /** Why; undefined: nothing went wrong, and nothing is reported. */
  readonly error?: unknown
  readonly signal?: AbortSignal | undefined
}

const namesText = (topics: readonly string[]): string => `topic${topics.length === 1 ? '' : 's'} ${topics.map((t) => `'${t}'`).join(', ')}`

export class Cluster {
  readonly options: ResolvedKafkaOptions
  readonly #links: Links
  readonly #view = new View()
  readonly #refresher: Refresher
  readonly #coordinators: Coordinators
  readonly #timer: MetadataTimer
  readonly #listeners = new Set<ChangeListener>()
  /** When each topic was last looked up, on the monotonic clock; absent: look it up before it is used. */
  readonly #freshSince = new Map<string, number>()
  #nodes = new Map<number, Node>()
  readonly #racks = new NodeRacks()
  #clusterId: string | null = null
  #controllerId = -1
  readonly #diagnostics: Diagnostics
  readonly #closing = new Closing()
  /** Errors pass through several callers, each of which retries: the first one reports. */
  readonly #reported = new WeakSet<object>()

  constructor(options: ResolvedKafkaOptions, diagnostics: Diagnostics) {
    const { clock, random } = options.platform
    this.options = options
    this.#diagnostics = diagnostics
    this.#links = new Links(options)
    this.#refresher = new Refresher({
      clock,
      random,
      delays: options.retry,
      ask: (names, autoCreate) => this.#askMetadata(names, autoCreate),
      take: (names, answer) => this.#take(names, answer),
      pause: (delayMs) => pause(clock, delayMs, this.#limits('Metadata')),
      failed: (failures, error) => this.reportRetry('looking up the cluster', failures, error),
    })
    this.#coordinators = new Coordinators({
      clock,
      timeoutMs: options.requestTimeoutMs,
      ask: (body) => this.send(apis.FindCoordinator, body, { node: 'any', purpose: 'metadata' }),
      found: (node) => void this.#nodes.set(node.nodeId, { ...node, rack: this.rackOf(node.nodeId) }),
      backOff: (failures, what, error) => this.backOff({ what, failures, error }),
    })
    this.#timer = new MetadataTimer(clock, options.metadataMaxAgeMs, () => void this.#refreshInBackground())
  }

  /**
   * Sends one request and resolves with its answer; the caller handles the error codes in it. Rejects with
   * `TidemarkError`: UNREACHABLE, TIMED_OUT or CONNECTION_LOST (`isLost`), UNSUPPORTED_VERSION, TOO_MANY_REQUESTS,
   * FRAME_TOO_LARGE, PROTOCOL_ERROR, ABORTED, CLOSED. After TIMED_OUT and CONNECTION_LOST the broker may have done
   * what it was asked.
   */
  async send<A extends Api>(api: A, body: Body<A>, to: Destination): Promise<Answer<A>> {
    if (this.#closing.error !== undefined) throw this.#closing.error
    const limits = this.#limits(api.name, to.signal)
    const link = await abortable(this.#linkTo(to), limits)
    try {
      const open = link.connect()
      return await this.#exchange(api, body, to, link, open instanceof Promise ? await abortable(open, limits) : open)
    } catch (error) {
      throw this.#judged(error, link, to)
    }
  }

  async #exchange<A extends Api>(api: A, body: Body<A>, to: Destination, link: Link, open: OpenConnection): Promise<Answer<A>> {
    const { connection, versions } = open
    const version = chooseVersion(api, versions, link.where, to.versionMax)
    const id = connection.nextCorrelationId()
    const given = typeof body === 'function' ? body(version) : body
    const frame = encodeRequest(api, version, id, this.options.clientId, given)
    if (to.unanswered) {
      await connection.post(frame)
      return { version, body: {} as Answer<A>['body'], bytes: 0 }
    }
    const answer = await connection.exchange(id, frame, api.name, to.timeoutMs ?? this.options.requestTimeoutMs, to.signal)
    link.answered()
    try {
      return { version, body: decodeResponse(api, version, answer), bytes: answer.length }
    } catch (cause) {
      if (!(cause instanceof WireError)) throw cause
      const text = `${link.where} answers ${api.name} version ${version} with bytes that are not such an answer: ${cause.message}`
      const error = new TidemarkError('PROTOCOL_ERROR', text, { cause })
      connection.close(error)
      throw error
    }
  }

  #judged(error: unknown, link: Link, to: Destination): unknown {
    if (!isLost(error)) return error
    if (typeof to.node === 'object') this.forgetCoordinator(to.node.coordinator)
    if (error.code !== 'UNREACHABLE' || to.node === 'any') return error
    const text = `cannot reach ${typeof to.node === 'number' ? `node ${to.node}` : 'the coordinator'} at ${link.where}: ${error.message}`
    return new TidemarkError('UNREACHABLE', text, { cause: error })
  }

  async #linkTo(to: Destination): Promise<Link> {
    const owner = to.owner ?? this
    if (to.node === 'any') return this.#anyLink(owner, to)
    const nodeId = typeof to.node === 'number' ? to.node : await this.coordinator(to.node.coordinator)
    const node = this.#nodes.get(nodeId)
    if (node !== undefined) return this.#links.get(owner, to.purpose, node)
    if (typeof to.node === 'object') this.forgetCoordinator(to.node.coordinator)
    throw new TidemarkError('UNREACHABLE', `node ${nodeId} is not in the cluster (any more), so its address is not known`)
  }

  /**
   * A link that is open, or the first address that answers: the known nodes from a random one on, then the bootstrap
   * addresses.
   */
  async #anyLink(owner: object, to: Destination): Promise<Link> {
    const links = this.#candidates().map((address) => this.#links.get(owner, to.purpose, address))
    const open = links.find((link) => link.isOpen)
    if (open !== undefined) return open
    links.sort((a, b) => a.notBeforeMs - b.notBeforeMs)
    const failures: string[] = []
    let cause: unknown
    for (const link of links) {
      try {
        await link.connect()
        return link
      } catch (error) {
        if (this.#closing.error !== undefined || (!isLost(error) && links.length === 1)) throw this.#closing.error ?? error
        // Another address would not know better who we are.
        if (!(error instanceof TidemarkError) || REFUSED_CODES.has(error.code)) throw error
        failures.push(error.message.startsWith(link.where) ? error.message : `${link.where}: ${error.message}`)
        cause = error
      }
    }
    throw new TidemarkError(
      'UNREACHABLE',
      `no broker can be reached: ${failures.join('; ')}; check the addresses, and that a broker listens there`,
      { cause },
    )
  }

  #candidates(): Address[] {
    const nodes: Address[] = [...this.#nodes.values()]
    const start = nodes.length > 1 ? below(this.options.platform.random, nodes.length) : 0
    const known = new Set(nodes.map(formatAddress))
    const rest = this.options.brokers.filter((address) => !known.has(formatAddress(address)))
    return [...nodes.slice(start), ...nodes.slice(0, start), ...rest]
  }

  /**
   * The views of these topics, from memory while they are fresh. Waits for a topic that is just being created; one
   * that does not exist has `errorCode` UNKNOWN_TOPIC_OR_PARTITION. Rejects like `send` when no broker can be
   * reached.
   */
  async topics(names: readonly string[], options: TopicsOptions = {}): Promise<ReadonlyMap<string, TopicView>> {
    const { clock } = this.options.platform
    const { autoCreate = false, signal } = options
    const deadlineMs = clock.monotonic() + (options.timeoutMs ?? this.options.requestTimeoutMs)
    let stale = names.filter((name) => !this.#isFresh(name))
    for (let failures = 1; stale.length > 0; failures++) {
      const urgent = failures === 1 && stale.some((name) => this.#view.topic(name) === undefined)
      await abortable(this.#refresher.refresh(stale, autoCreate, urgent), this.#limits('Metadata', signal))
      stale = stale.filter((name) => isOpenQuestion(this.#view.topic(name), autoCreate))
      if (stale.length === 0 || clock.monotonic() >= deadlineMs) break
      const error = refusedTopic(stale[0]!, this.#view.topic(stale[0]!)?.errorCode ?? ErrorCode.UNKNOWN_TOPIC_OR_PARTITION)
      await this.backOff({ what: `waiting for ${namesText(stale)}`, failures, error, signal })
    }
    return new Map(names.map((name) => [name, this.#view.topic(name)!]))
  }

  /** All topics of the cluster, from a new Metadata request. */
  async allTopics(signal?: AbortSignal): Promise<readonly TopicView[]> {
    const body = (version: number) => ({ topics: version === 0 ? [] : null, allowAutoTopicCreation: false })
    const answer = await this.send(apis.Metadata, body, { node: 'any', purpose: 'metadata', signal })
    const inUse = new Set(this.#view.names())
    this.#take([...inUse], answer.body)
    const others = new View() // no caller uses them yet: they are not refreshed
    return answer.body.topics.flatMap((topic) => {
      if (topic.name === null) return []
      if (!inUse.has(topic.name)) others.apply(topic.name, topic)
      return this.#view.topic(topic.name) ?? others.topic(topic.name)!
    })
  }

  /** Looks up these topics again, or all that are in use. */
  refresh(names: Iterable<string> = this.#view.names(), signal?: AbortSignal): Promise<void> {
    return abortable(this.#refresher.refresh(names, false, false), this.#limits('Metadata', signal))
  }

  /** The last known view of a topic, however old. */
  topic(name: string): TopicView | undefined {
    return this.#view.topic(name)
  }

  /** The last known leader; undefined: look the topic up. */
  leader(topic: string, partition: number): { readonly nodeId: number; readonly epoch: number } | undefined {
    return this.#view.leader(topic, partition)
  }

  /**
   * A leader moved or is not known: the next `topics` asks again. What is known stays, and never goes back in epoch
   * (KIP-320).
   */
  invalidate(topic?: string): void {
    if (topic === undefined) this.#freshSince.clear()
    else this.#freshSince.delete(topic)
  }

  /** Stops refreshing a topic that is no longer in use. */
  forget(topic: string): void {
    this.#view.forget(topic)
    this.#freshSince.delete(topic)
  }

  /** A broker named the new leader beside an error (KIP-951). */
  leaderMoved(topic: string, partition: number, leaderId: number, leaderEpoch: number): void {
    if (this.#view.leaderMoved(topic, partition, leaderId, leaderEpoch)) this.#tell([topic])
  }

  /** The node that coordinates a group. */
  coordinator(group: string, signal?: AbortSignal): Promise<number> {
    return abortable(Promise.resolve(this.#coordinators.get(group)), this.#limits('FindCoordinator', signal))
  }

  forgetCoordinator(group: string): void {
    this.#coordinators.forget(group)
  }

  nodes(): readonly Node[] {
    return [...this.#nodes.values()]
  }

  /** Of a node that is up or was so; null: it has none. */
  rackOf(nodeId: number): string | null {
    return this.#racks.of(nodeId)
  }

  get clusterId(): string | null {
    return this.#clusterId
  }

  /** -1: not known. */
  get controllerId(): number {
    return this.#controllerId
  }

  /**
   * While there is a listener, topics in use are looked up again every `metadataMaxAgeMs`. Returns a function that
   * stops listening.
   */
  onChange(listener: ChangeListener): () => void {
    this.#listeners.add(listener)
    this.#timer.start()
    return () => {
      this.#listeners.delete(listener)
      if (this.#listeners.size === 0) this.#timer.stop()
    }
  }

  /** Closes the connections of an owner; its requests in flight reject CLOSED. */
  release(owner: object): void {
    this.#links.release(owner, new TidemarkError('CLOSED', 'the owner of the connection was closed'))
  }

  /** Calls once, when the cluster is closed. Returns a function that stops listening. */
  onClose(listener: (error: TidemarkError) => void): () => void {
    return this.#closing.onClose(listener)
  }

  /** Everything in flight, and everything that waits for its next attempt, rejects CLOSED at once. */
  close(): void {
    if (this.#closing.error !== undefined) return
    const error = new TidemarkError('CLOSED', 'this Kafka client was closed')
    this.#timer.stop()
    this.#listeners.clear()
    this.#closing.close(error)
    this.#links.close(error)
  }

  /** Waits before the next attempt, and reports the failure from the second one on. Rejects ABORTED or CLOSED. */
  async backOff({ what, failures, error, signal }: BackOff): Promise<void> {
    const { clock, random } = this.options.platform
    this.reportRetry(what, failures, error)
    await pause(clock, backoffMs(random, this.options.retry, failures), this.#limits(what, signal))
  }

  /**
   * Something failed for the n-th time and will be tried again. The first failure is not reported: connections break,
   * leaders move. `kind` is the same for all things that one cause makes fail, such as the partitions of a broker.
   */
  reportRetry(what: string, failures: number, error?: unknown, kind = what): void {
    if (failures < 2 || error === undefined || this.#closing.error !== undefined) return
    if (typeof error === 'object' && error !== null) {
      if (this.#reported.has(error)) return
      this.#reported.add(error)
    }
    const code = error instanceof TidemarkError ? error.code : ''
    const text = `${what} failed ${failures} times and is tried again: ${textOf(error)}`
    this.#diagnostics.report('tidemark:client', { level: 'warn', cause: `${kind} ${code}`, text, error })
  }

  #limits(what: string, signal?: AbortSignal): WaitLimits {
    return { what, closing: this.#closing, signal }
  }

  /** The refresher reports what goes wrong, and the next look-up is due anyway. */
  async #refreshInBackground(): Promise<void> {
    try {
      await this.refresh()
    } catch (error) {
      if (!(error instanceof TidemarkError)) throw error
    }
  }

  #isFresh(name: string): boolean {
    const since = this.#freshSince.get(name)
    return since !== undefined && this.options.platform.clock.monotonic() - since < this.options.metadataMaxAgeMs
  }

  async #askMetadata(names: readonly string[], autoCreate: boolean): Promise<Answer<(typeof apis)['Metadata']>> {
    const body = (version: number) => {
      if (!autoCreate && version < AUTO_CREATE_FLAG_FROM) return { topics: version === 0 ? [] : null }
      return { topics: names.map((name) => ({ name })), allowAutoTopicCreation: autoCreate }
    }
    const ask = () => this.send(apis.Metadata, body, { node: 'any', purpose: 'metadata' })
    // The node may have stopped while others live, or its connection was old: any of them is asked once more.
    const answer = await ask().catch((error) => {
      if (!(error instanceof TidemarkError) || error.code !== 'CONNECTION_LOST') throw error
      return ask()
    })
    if (answer.body.errorCode !== ErrorCode.REBOOTSTRAP_REQUIRED) return answer
    this.#nodes.clear() // KIP-1102: the known nodes are useless, so begin again with the bootstrap addresses
    throw new TidemarkError(
      'CONNECTION_LOST',
      'the cluster asked its clients to start again from the bootstrap addresses (REBOOTSTRAP_REQUIRED)',
    )
  }

  #take(names: readonly string[], answer: MetadataResponse): void {
    const racksMoved = answer.brokers.length > 0 && this.#takeNodes(answer)
    const nowMs = this.options.platform.clock.monotonic()
    const wanted = new Set(names)
    const changed: string[] = []
    for (const topic of answer.topics) {
      if (topic.name === null || !wanted.has(topic.name)) continue
      wanted.delete(topic.name)
      if (this.#view.apply(topic.name, topic)) changed.push(topic.name)
      if (topic.errorCode === 0) this.#freshSince.set(topic.name, nowMs)
      else this.#freshSince.delete(topic.name)
    }
    for (const name of wanted) if (this.#view.apply(name, missing(name))) changed.push(name)
    if (racksMoved) changed.push(...this.#view.names())
    if (changed.length > 0) this.#tell([...new Set(changed)])
  }

  /** True: racks of nodes changed. */
  #takeNodes(answer: MetadataResponse): boolean {
    this.#nodes = new Map(answer.brokers.map((b) => [b.nodeId, { nodeId: b.nodeId, host: b.host, port: b.port, rack: b.rack }]))
    this.#clusterId = answer.clusterId
    this.#controllerId = answer.controllerId
    const addresses = new Set([...answer.brokers, ...this.options.brokers].map(formatAddress))
    this.#links.keepOnly(addresses, new TidemarkError('CONNECTION_LOST', 'the address is no longer one of the cluster'))
    return this.#racks.take(answer.brokers)
  }

  #tell(topics: readonly string[]): void {
    for (const listener of [...this.#listeners]) listener(topics)
  }
}
