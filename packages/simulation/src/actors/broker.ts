/**
 * The broker on its machine: it starts, crashes, loses power, and is started again once its operator has repaired the
 * disk.
 */
import { type Broker, startBroker } from '@tidemark/broker'
import { TidemarkError } from '@tidemark/platform'
import type { Process } from '@tidemark/testing/internal'
import type { DiskFaults } from '../faults/disk-faults.ts'
import { PORT, type World } from '../world.ts'

const FOLDER = '/data'
const COMPACTION_MS = 60

export class BrokerActor {
  readonly #world: World
  readonly #disk: DiskFaults
  #current: { process: Process; running: Broker | undefined } | undefined
  #next = 1

  constructor(world: World, disk: DiskFaults) {
    this.#world = world
    this.#disk = disk
  }

  get running(): Broker | undefined {
    return this.#current?.running
  }

  boot(): void {
    const process = this.#world.newProcess(`broker-${this.#next++}`)
    this.#current = { process, running: undefined }
    this.#world.eras.begin(process)
    this.#world.say(`${process.name} starts`)
    process.later(0, () => void this.#run(process))
  }

  async #run(process: Process): Promise<void> {
    const { plan } = this.#world
    try {
      const broker = await startBroker({
        data: FOLDER,
        listen: { host: '127.0.0.1', port: PORT },
        nodes: plan.nodes.count,
        ...(plan.nodes.racks.length > 0 && { racks: plan.nodes.racks }),
        platform: process.platform,
        fsync: plan.fsync,
        fsyncIntervalMs: 100,
        segmentBytesMax: plan.segmentBytesMax,
        // With small segments `__consumer_offsets` is compacted all the time, also while the broker crashes.
        compactionIntervalMs: COMPACTION_MS,
        recoveryBytesMax: plan.recoveryBytesMax,
        checkpointIntervalRecords: plan.checkpointIntervalRecords,
        offsetMetadataCharsMax: plan.metadataCharsMax,
        fetchSessionsMax: plan.fetchSessionsMax,
        autoCreateTopics: false,
      })
      if (this.#current?.process === process) this.#current.running = broker
      this.#world.eras.end(process)
      this.#world.say(`${process.name} listens`)
      broker.closed.catch((error) => this.#failed(process, 'the broker runs', error))
    } catch (error) {
      this.#failed(process, 'the broker starts', error)
    }
  }

  /** A broker may stop because of its disk. Its operator then repairs the disk and starts it again. */
  #failed(process: Process, what: string, error: unknown): void {
    if (!this.#disk.failed || (error as { code?: string }).code !== 'STORAGE_FAILED') return this.#world.fail(what, error)
    if (this.#current?.process !== process) return
    this.#world.say(`${process.name} stops: ${(error as Error).message}`)
    this.#disk.mend()
    this.crash()
  }

  // Nodes ---------------------------------------------------------------------------------------------

  /**
   * Unless it is the last one that is up. It comes back with the broker, if that crashes, or by itself; Infinity: only
   * with the broker.
   */
  stopNode(id: number, forMs: number): void {
    const up = this.running?.nodes.filter((node) => node.isUp) ?? []
    if (up.length < 2 || !up.some((node) => node.id === id)) return
    const { process } = this.#current!
    this.#world.drawn('Broker', 'stopNode')
    this.#change(`node ${id} stops`, async (broker) => {
      await broker.stopNode(id)
      if (forMs === Infinity) return this.#world.drawn('nodes', 'one is gone')
      this.#world.drawn('Broker', 'startNode')
      process.later(forMs, () => this.#change(`node ${id} starts`, (it) => it.startNode(id)))
    })
  }

  /** All of them but the one that is gone, and none is about to stop. */
  get areNodesUp(): boolean {
    const gone = this.#world.plan.nodes.gone?.node
    return this.running?.nodes.every(({ id, isUp }) => isUp || id === gone) === true && this.#world.eras.current !== undefined
  }

  moveLeader(topic: string, partition: number, node: number): void {
    this.#world.drawn('Broker', 'moveLeader')
    this.#change(`node ${node} is to lead ${topic}-${partition}`, (broker) => broker.moveLeader(topic, partition, node))
  }

  #change(what: string, act: (broker: Broker) => Promise<void>): void {
    const { eras } = this.#world
    const { process, running } = this.#current ?? {}
    if (process === undefined || running === undefined) return
    const change = Symbol(what)
    eras.begin(change)
    this.#world.say(what)
    process.later(0, () => {
      act(running)
        .catch((error) => this.#unchanged(what, error))
        .finally(() => eras.end(change))
    })
  }

  /**
   * The node may have stopped meanwhile, the topic may not be there or not be led there, and the disk may have failed.
   */
  #unchanged(what: string, error: unknown): void {
    const isKnown = error instanceof TidemarkError && (error.code === 'INVALID_ARGUMENT' || error.code === 'STORAGE_FAILED')
    if (isKnown) this.#world.say(`${what}: ${error.message}`)
    else this.#world.fail('a node stops, starts and leads', error)
  }

  crash(): void {
    const world = this.#world
    const crashed = this.#current
    if (crashed === undefined || !crashed.process.alive) return
    const power = world.plan.powerLoss && world.random.chance(0.7)
    crashed.process.crash()
    this.#current = undefined
    if (power) world.disk.losePower()
    world.wiretap.brokerCrashed()
    world.eras.reset()
    world.tell({ kind: 'brokerCrashed', power })
    world.scheduler.later(world.random.between(5, 400), () => this.boot())
  }
}
