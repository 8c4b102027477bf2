/**
 * The broker: the one file that knows all its parts. It binds its port, opens the data and reads the cluster's
 * metadata back meanwhile, and then serves; it closes in the other order. The first failure of the disk closes it
 * too, and rejects `closed`.
 */
import { below, type Clock, checkName, checkPartition, DiskError, formatAddress, secretBytes, TidemarkError } from '@tidemark/platform'
import { uuidToText } from '@tidemark/protocol'
import { type BoundListener, Listeners } from './accept/listeners.ts'
import { Authorizer } from './auth/authorizer.ts'
import { GivenUsers } from './auth/given-users.ts'
import { isScram, Mechanisms } from './auth/mechanisms.ts'
import { Tokens } from './auth/tokens.ts'
import { Users } from './auth/users.ts'
import { Groups } from './coordinate/groups.ts'
import { tell } from './diagnostics.ts'
import { OutputMemory } from './dispatch/output-memory.ts'
import type { VirtualNode } from './dispatch/request-context.ts'
import type { Services } from './dispatch/services.ts'
import { Throttle } from './dispatch/throttle.ts'
import { Failure } from './failure.ts'
import { allHandlers } from './handle/all.ts'
import { MemoryPool } from './memory-pool.ts'
import { Configs } from './metadata/configs.ts'
import { MetadataLog } from './metadata/metadata-log.ts'
import { Nodes } from './metadata/nodes.ts'
import { ProducerIds } from './metadata/producer-ids.ts'
import { Quotas } from './metadata/quotas.ts'
import { Telemetry } from './metadata/telemetry.ts'
import { Topics } from './metadata/topics.ts'
import { optionsOfNode } from './node-options.ts'
import { type BrokerOptions, type ListenerTls, MEMORY, type StartOptions } from './options.ts'
import { Keeper } from './partition/keep/keeper.ts'
import { Partitions } from './partition/partitions.ts'
import { listenerTlsOption, resolveOptions } from './resolve-options.ts'
import { FetchSessions } from './state/fetch/sessions.ts'
import { OFFSETS_TOPIC } from './state/topics/names.ts'
import { FileStore } from './storage/file-store.ts'
import { MemoryStore } from './storage/memory-store.ts'
import type { Store } from './storage/store.ts'

const INT32_MAX = 2 ** 31 - 1
/** As long as the hash that it is the key of. */
const SECRET_BYTES = 64

export interface BrokerNode {
  readonly id: number
  /** Of each listener, the address that clients on this machine are told to connect to. */
  readonly listeners: Readonly<Record<string, string>>
  readonly isUp: boolean
}

export interface Broker extends AsyncDisposable {
  /**
   * Of each node, the address of its first listener: `host:port`, as clients take them. `listeners` has the others,
   * which may ask for TLS or SASL.
   */
  readonly brokers: readonly string[]
  /** Of each listener, the address of the first node that clients on this machine are told to connect to. */
  readonly listeners: Readonly<Record<string, string>>
  /** Where it listens: the first listener. */
  readonly host: string
  readonly port: number
  readonly clusterId: string
  /** Warnings for an operator about the options, each a sentence; usually empty. */
  readonly warnings: readonly string[]
  /** Resolves once the broker is closed; rejects with a `TidemarkError` STORAGE_FAILED if the disk failed. */
  readonly closed: Promise<void>
  /** The nodes that this process is, with the addresses of each; one unless option `nodes` says more. */
  readonly nodes: readonly BrokerNode[]
  /**
   * The node's connections break, and no new ones are taken; others lead its partitions and coordinate its groups.
   * Resolves once its ports are free. Rejects with a `TidemarkError` INVALID_ARGUMENT for the id of no node, or of the
   * last one that is up.
   */
  stopNode(id: number): Promise<void>
  /**
   * It listens again where it did, and leads again what it leads by preference. Rejects with ADDRESS_IN_USE,
   * INVALID_ARGUMENT.
   */
  startNode(id: number): Promise<void>
  /**
   * Another node, which has a replica and is up, leads the partition. Rejects with a `TidemarkError` INVALID_ARGUMENT.
   */
  moveLeader(topic: string, partition: number, toNode: number): Promise<void>
  /**
   * Ends all connections, writes everything down and lets the folder go. Rejects if that fails. Further calls wait
   * for the first one.
   */
  close(): Promise<void>
  /**
   * New connections of a listener get this certificate. Rejects with a `TidemarkError` INVALID_ARGUMENT or
   * INVALID_OPTION, and keeps what it has.
   */
  replaceTls(listener: string, tls: ListenerTls): Promise<void>
}

/**
 * Starts a broker in this process. `data` is a folder, or ':memory:'; port 0, the default, is a free one.
 *
 * Rejects with a `TidemarkError`: INVALID_OPTION, FOLDER_IN_USE, NOT_A_DATA_FOLDER, UNKNOWN_FORMAT, ADDRESS_IN_USE,
 * ADDRESS_UNAVAILABLE, STORAGE_FAILED. Nothing is left open then: no port, no file, no lock.
 */
export async function startBroker(given: StartOptions): Promise<Broker> {
  return startResolved(resolveOptions(given))
}

/** Starts a broker with options that were checked. */
export async function startResolved(options: BrokerOptions): Promise<Broker> {
  const { clock, transport } = options.platform
  const nodes = Array.from({ length: options.nodes }, (_, i) => {
    const id = options.nodeId + i
    return { id, rack: optionsOfNode(options, id).rack }
  })
  const listeners = new Listeners(options.listeners, nodes, options.connectionsMax, clock)
  listeners.listen(transport)
  const failure = new Failure(() => running?.fail())
  let running: Running | undefined
  let store: Store | undefined
  try {
    store = await openStore(options, failure)
    running = await Running.start({ options, virtualNodes: nodes, store, listeners, failure })
    if (failure.error !== undefined) running.fail()
    return running
  } catch (cause) {
    await listeners.close()
    const error = cause instanceof DiskError ? failure.report(cause) : cause
    await letGo(store, failure)
    throw error
  }
}

/**
 * After a failed start. Unless the disk failed nothing is wrong with the data: the next start need not look at it
 * again.
 */
async function letGo(store: Store | undefined, failure: Failure): Promise<void> {
  if (store === undefined) return
  try {
    if (failure.error === undefined) return await store.close()
  } catch (cause) {
    failure.report(cause)
  }
  store.abandon()
}

async function openStore(options: BrokerOptions, failure: Failure): Promise<Store> {
  const { data, platform, nodeId } = options
  const clusterId = platform.random.uuid()
  if (data === MEMORY) return new MemoryStore(clusterId, options.memoryBytesMax)
  try {
    return await FileStore.open({
      ...options,
      path: data.replace(/(?<=.)\/+$/, ''),
      disk: platform.disk,
      clock: platform.clock,
      fresh: { clusterId, nodeId },
      onFailure: (cause) => void failure.report(cause),
      onRecovered: (log, end, bytesCut) => tell({ kind: 'recovered', log, end, bytesCut }),
      onReplaced: (path) => tell({ kind: 'replaced', path }),
    })
  } catch (cause) {
    throw cause instanceof TidemarkError ? cause : failure.report(cause)
  }
}

/** Listeners without users of their own share the broker's. */
function mechanismsByListener({ listeners, oauth, platform }: BrokerOptions, users: Users): ReadonlyMap<string, Mechanisms> {
  const tokens = oauth === null ? undefined : new Tokens(oauth, platform.clock)
  const ofBroker = listeners.filter((it) => it.users === undefined).flatMap((it) => it.mechanisms)
  const shared = new Mechanisms(users, tokens, ofBroker)
  return new Map(
    listeners.map(({ name, mechanisms, users: own }) => [
      name,
      own === undefined ? shared : new Mechanisms(new GivenUsers(own, users.scramSecret), tokens, mechanisms),
    ]),
  )
}

interface Opened {
  readonly options: BrokerOptions
  readonly virtualNodes: readonly VirtualNode[]
  readonly store: Store
  readonly listeners: Listeners
  readonly failure: Failure
}

interface Parts {
  readonly clock: Clock
  readonly clusterId: string
  readonly store: Store
  readonly listeners: Listeners
  readonly metadataLog: MetadataLog
  readonly topics: Topics
  readonly nodes: Nodes
  readonly partitions: Partitions
  readonly groups: Groups
  readonly keeper: Keeper
  readonly failure: Failure
}

class Running implements Broker {
  readonly brokers: readonly string[]
  readonly host: string
  readonly port: number
  readonly listeners: Readonly<Record<string, string>>
  readonly clusterId: string
  readonly warnings: readonly string[]
  readonly closed: Promise<void>
  readonly #parts: Parts
  readonly #bound: readonly BoundListener[]
  #resolveClosed: () => void = () => {}
  #rejectClosed: (error: TidemarkError) => void = () => {}
  #closing: Promise<void> | undefined

  static async start({ options, virtualNodes, store, listeners, failure }: Opened): Promise<Running> {
    const { platform } = options
    const hasScram = options.listeners.some(({ mechanisms }) => mechanisms.some(isScram))
    const metadataLog = await MetadataLog.open(store, platform, failure, hasScram ? () => secretBytes(SECRET_BYTES) : undefined)
    // The partitions of __consumer_offsets stay as many as they were: groups are found by their number.
    const offsetsPartitions = metadataLog.metadata.byName.get(OFFSETS_TOPIC)?.partitions ?? options.offsetsPartitions
    const settled: BrokerOptions = { ...options, offsetsPartitions }
    const topics = new Topics(metadataLog, settled, {
      up: () => nodes.up,
      keeperOf: (topic, index) => nodes.keeperOf(topic, index),
    })
    const nodes: Nodes = new Nodes(virtualNodes, topics, offsetsPartitions)
    const configs = new Configs(metadataLog, topics, settled)
    const quotas = new Quotas(metadataLog, platform)
    const users = new Users(metadataLog, settled.users)
    const telemetry = new Telemetry(metadataLog, platform.random)
    const partitions = new Partitions(store, topics, settled, failure)
    const groups = new Groups({ options: settled, platform, topics, partitions })
    const producerIds = new ProducerIds(metadataLog, settled.pidBlock)
    const outputMemory = new OutputMemory(settled.outputMemoryBytesMax)
    const clusterId = uuidToText(store.clusterId)
    const authorizer = new Authorizer(metadataLog, settled.authorizer)
    const mechanisms = mechanismsByListener(settled, users)
    const services: Services = {
      options: settled,
      clusterId,
      clock: platform.clock,
      topics,
      nodes,
      configs,
      quotas,
      throttle: new Throttle(quotas, platform.clock),
      telemetry,
      partitions,
      groups,
      producerIds,
      users,
      mechanismsOf: (listener) => mechanisms.get(listener)!,
      authorizer,
      outputMemory,
      fetchSessions: new FetchSessions(settled, () => 1 + below(platform.random, INT32_MAX)),
    }
    const keeper = new Keeper({ topics, partitions, store, clock: platform.clock, failure, options: settled })
    const environment = {
      table: allHandlers(nodes.areOne),
      services,
      limits: settled,
      pool: new MemoryPool(settled.frameMemoryBytesMax),
      replyMemory: store,
      onRefused: (client: string, why: string) => tell({ kind: 'refused', client, why }),
      onBug: (where: string, error: unknown) => tell({ kind: 'bug', where, error }),
    }
    const [bound] = await Promise.all([listeners.bound(), metadataLog.started])
    await authorizer.start()
    void groups.start()
    void quotas.start()
    nodes.onChange(() => partitions.led())
    await listeners.open(environment)
    partitions.sweep()
    keeper.start()
    const parts = { clock: platform.clock, clusterId, store, listeners, metadataLog, topics, nodes, partitions, groups, keeper, failure }
    return new Running(bound, parts)
  }

  private constructor(bound: readonly BoundListener[], parts: Parts) {
    const [first] = bound
    this.host = first!.address.host
    this.port = first!.address.port
    this.brokers = bound.filter(({ name }) => name === first!.name).map(({ advertised }) => formatAddress(advertised))
    this.#bound = bound
    this.listeners = this.#listenersOf(first!.nodeId)
    this.clusterId = parts.clusterId
    this.warnings = parts.listeners.warnings
    this.#parts = parts
    this.closed = new Promise((resolve, reject) => {
      this.#resolveClosed = resolve
      this.#rejectClosed = reject
    })
    // A caller that ignores `closed` sees the failure on the diagnostics channel; the process lives on.
    this.closed.catch(() => {})
  }

  get nodes(): readonly BrokerNode[] {
    const { nodes } = this.#parts
    return nodes.all.map(({ id }) => ({ id, listeners: this.#listenersOf(id), isUp: nodes.isUp(id) }))
  }

  #listenersOf(nodeId: number): Record<string, string> {
    const ofNode = this.#bound.filter((it) => it.nodeId === nodeId)
    return Object.fromEntries(ofNode.map(({ name, advertised }) => [name, formatAddress(advertised)]))
  }

  async stopNode(id: number): Promise<void> {
    const { nodes, listeners } = this.#parts
    this.#checkNode(id)
    await nodes.stop(id)
    await listeners.stopNode(id)
  }

  async startNode(id: number): Promise<void> {
    const { nodes, listeners } = this.#parts
    this.#checkNode(id)
    await listeners.startNode(id)
    await nodes.start(id)
  }

  async moveLeader(name: string, partition: number, toNode: number): Promise<void> {
    const { topics, nodes } = this.#parts
    checkName('the topic', name)
    checkPartition('the partition', partition)
    this.#checkNode(toNode)
    const topic = topics.byName(name)
    if (topic === undefined) throw new TidemarkError('INVALID_ARGUMENT', `there is no topic '${name}'`)
    await nodes.move(topic, partition, toNode)
  }

  #checkNode(id: number): void {
    const ids = this.#parts.nodes.all.map((node) => node.id)
    if (!ids.includes(id)) throw new TidemarkError('INVALID_ARGUMENT', `there is no node ${id}; there are ${ids.join(', ')}`)
  }

  async replaceTls(listener: string, tls: ListenerTls): Promise<void> {
    await this.#parts.listeners.replaceTls(listener, listenerTlsOption('tls', tls))
  }

  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  async #close(): Promise<void> {
    const { listeners, groups, keeper, failure, store } = this.#parts
    const failedBefore = failure.error !== undefined
    keeper.stop()
    await listeners.close()
    if (failure.error === undefined) await this.#writeDown()
    if (failure.error === undefined) {
      this.#resolveClosed()
      return
    }
    groups.stop()
    store.abandon()
    this.#rejectClosed(failure.error)
    if (!failedBefore) throw failure.error
  }

  async #writeDown(): Promise<void> {
    const { groups, partitions, metadataLog, keeper, store, failure } = this.#parts
    try {
      await keeper.idle()
      await groups.close()
      await partitions.settle()
      await metadataLog.checkpoint()
      if (failure.error === undefined) await store.close()
    } catch (cause) {
      failure.report(cause)
    }
  }

  /**
   * The disk failed: nothing more is acknowledged. Clients that wait are told in this turn, before their connections
   * end.
   */
  fail(): void {
    this.#parts.clock.afterTurn(() => void this.close())
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }
}
