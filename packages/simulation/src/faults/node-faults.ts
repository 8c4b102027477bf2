/**
 * What goes wrong with nodes, at any time and while something is under way: they stop and come back, leaders and
 * coordinators move, and the way to one of them is cut or slow while the others live.
 */
import { partitionOfGroup } from '@tidemark/protocol'
import type { SeededRandom } from '@tidemark/testing/internal'
import type { BrokerActor } from '../actors/broker.ts'
import { Operator } from '../actors/operator.ts'
import type { Fact } from '../facts.ts'
import type { NodeMoment, NodeVerb } from '../workload/nodes.ts'
import { PORT, type World } from '../world.ts'

const MOMENTS: Partial<Record<Fact['kind'], NodeMoment>> = {
  joinSent: 'join',
  syncDecided: 'sync',
  commitSent: 'commit',
  batchArrived: 'send',
  batchSeen: 'fetch',
  handlerStarted: 'handler',
}
const OFFSETS_TOPIC = '__consumer_offsets'
const OFFSETS_PARTITIONS = 50
const GONE_EVERY_MS = 250
/** How long a node leads everything before it goes. */
const LEADS_MS = 700

export class NodeFaults {
  readonly #world: World
  readonly #broker: BrokerActor
  readonly #random: SeededRandom
  readonly #operator: Operator
  /** The nodes that last answered for groups. */
  readonly #coordinators = new Map<string, number>()
  /** Ends what is wrong with the way to a node. */
  readonly #mends = new Set<() => void>()

  constructor(world: World, broker: BrokerActor, random: SeededRandom) {
    this.#world = world
    this.#broker = broker
    this.#random = random
    this.#operator = new Operator(world, random)
  }

  start(): void {
    const { nodes } = this.#world.plan
    if (nodes.count > 1) this.#world.scheduler.later(nodes.everyMs, () => this.#act())
    const { node, fromMs } = nodes.gone ?? { node: 0, fromMs: Infinity }
    if (fromMs < Infinity) this.#world.scheduler.later(fromMs, () => this.#remove(node))
  }

  /** Something is under way. */
  see(fact: Fact): void {
    if (fact.kind === 'served' && fact.what.startsWith('group ')) this.#coordinators.set(fact.what, fact.node)
    const { moments, momentChance } = this.#world.plan.nodes
    const moment = MOMENTS[fact.kind]
    if (moment === undefined || !moments.includes(moment) || this.#world.calm || !this.#random.chance(momentChance)) return
    this.#world.drawn('moment', moment)
    this.#world.scheduler.later(this.#random.chance(0.5) ? 0 : this.#random.between(0, 20), () => this.#try())
  }

  /**
   * When nothing else goes wrong any more the node leads and coordinates everything for a moment, and goes. A stop
   * raises the epoch of all partitions, and a client that is fenced at one of them learns of the others: here it is
   * told by nobody, and has to look.
   */
  #goAtLast(node: number): void {
    if (!this.#world.areTopicsEverywhere) return
    if (this.#broker.running === undefined) {
      this.#world.scheduler.later(GONE_EVERY_MS, () => this.#goAtLast(node))
      return
    }
    const { topicNames, groups, plan } = this.#world
    for (const topic of topicNames) {
      for (let partition = 0; partition < plan.partitions; partition++) this.#broker.moveLeader(topic, partition, node)
    }
    for (const group of groups) this.#broker.moveLeader(OFFSETS_TOPIC, partitionOfGroup(group, OFFSETS_PARTITIONS), node)
    this.#world.scheduler.later(LEADS_MS, () => this.#remove(node))
  }

  /** Again and again while there are faults: with a broker that crashed all its nodes come back. */
  #remove(node: number): void {
    const { running } = this.#broker
    if (running !== undefined && this.#world.areTopicsEverywhere) this.#broker.stopNode(node, Infinity)
    const isDone = running?.nodes.some(({ id, isUp }) => id === node && !isUp) === true || !this.#world.areTopicsEverywhere
    if (!this.#world.calm || !isDone) this.#world.scheduler.later(GONE_EVERY_MS, () => this.#remove(node))
  }

  #act(): void {
    if (this.#world.calm) return
    this.#world.scheduler.later(this.#random.between(0.2, 1.8) * this.#world.plan.nodes.everyMs, () => this.#act())
    this.#try()
  }

  #try(): void {
    if (this.#world.calm || this.#broker.running === undefined) return // with the broker all its nodes are down
    const { verbs } = this.#world.plan.nodes
    const verb = verbs[this.#random.below(verbs.length)]!
    this.#world.drawn('node', verb)
    this.#world.say(`nodes: ${verb}`)
    this.#do(verb)
  }

  #do(verb: NodeVerb): void {
    const { count } = this.#world.plan.nodes
    const node = 1 + this.#random.below(count)
    switch (verb) {
      case 'stop a node':
        return this.#stop(node)
      case 'stop the coordinator':
        return this.#stop(this.#coordinators.get(`group ${this.#world.groups[0]}`) ?? node)
      case 'restart the nodes in turn':
        for (let i = 0; i < count; i++) this.#world.scheduler.later(i * 250, () => this.#stop(1 + i, 200))
        return
      case 'move a leader':
        return this.#moveLeader()
      case 'move leaders again and again':
        for (let i = 0; i < 8; i++) this.#world.scheduler.later(i * this.#random.between(0, 40), () => this.#moveLeader())
        return
      case 'move the coordinator': {
        const { groups } = this.#world
        const group = groups[this.#random.below(groups.length)]!
        return this.#broker.moveLeader(OFFSETS_TOPIC, partitionOfGroup(group, OFFSETS_PARTITIONS), node)
      }
      case 'elect the preferred leaders':
        return this.#operator.electLeaders()
      case 'reassign':
        return this.#operator.reassign()
      case 'cut a node off':
        return this.#trouble(node, { isCut: true, slowMs: 0 })
      case 'slow a node down':
        return this.#trouble(node, { isCut: false, slowMs: this.#random.between(20, 800) })
    }
  }

  #stop(node: number, forMs = this.#random.between(10, 1_500)): void {
    if (this.#world.calm) return
    this.#broker.stopNode(node, forMs)
  }

  #moveLeader(): void {
    if (this.#world.calm) return
    const { topicNames, plan } = this.#world
    const topic = topicNames[this.#random.below(topicNames.length)]!
    this.#broker.moveLeader(topic, this.#random.below(plan.partitions), 1 + this.#random.below(plan.nodes.count))
  }

  #trouble(node: number, fault: { readonly isCut: boolean; readonly slowMs: number }): void {
    const { network, scheduler } = this.#world
    const port = PORT + node - 1
    network.setLink(port, fault)
    const mend = (): void => {
      if (this.#mends.delete(mend)) network.setLink(port, undefined)
    }
    this.#mends.add(mend)
    scheduler.later(this.#random.between(50, 1_500), mend)
  }

  /** All ways are open. Nodes come back when it is their time, but for the one that is gone. */
  calmDown(): void {
    for (const mend of [...this.#mends]) mend()
    const { gone } = this.#world.plan.nodes
    if (gone !== undefined) this.#goAtLast(gone.node)
  }
}
