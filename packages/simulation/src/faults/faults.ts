/** What goes wrong, one fault after the other, until the faults are over. */

import { CALM } from '@tidemark/testing/internal'
import type { BrokerActor } from '../actors/broker.ts'
import type { Members } from '../actors/members.ts'
import type { World } from '../world.ts'
import type { DiskFaults } from './disk-faults.ts'
import type { NodeFaults } from './node-faults.ts'

/** A consumer is never refused for longer than this. */
const REFUSED_MS = 1_500
const HELD = ['ListOffsets', 'OffsetFetch', 'Heartbeat', 'SyncGroup', 'Fetch', 'OffsetCommit'] as const

export class Faults {
  readonly #world: World
  readonly #broker: BrokerActor
  readonly #members: Members
  readonly #disk: DiskFaults
  readonly #nodes: NodeFaults

  constructor(world: World, broker: BrokerActor, members: Members, disk: DiskFaults, nodes: NodeFaults) {
    this.#world = world
    this.#broker = broker
    this.#members = members
    this.#disk = disk
    this.#nodes = nodes
  }

  start(): void {
    const { scheduler, plan } = this.#world
    scheduler.later(plan.faultEveryMs, () => this.#fault())
    this.#nodes.start()
    const { everything } = plan
    if (everything === undefined) return
    if (everything.refusals.length > 0 || everything.holdsAnswers) scheduler.later(everything.refusalEveryMs, () => this.#refuse())
    if (everything.foreignMembers) scheduler.later(this.#world.chance.between(300, 2_000), () => this.#foreign())
  }

  #fault(): void {
    const { scheduler, plan, random } = this.#world
    if (scheduler.now > plan.faultsUntilMs) return this.#calmDown()
    scheduler.later(random.between(0.2, 1.8) * plan.faultEveryMs, () => this.#fault())
    const { brokerCrash, memberCrash, memberStop, memberRestart, memberJoin, diskFault } = plan.faults
    const total = brokerCrash + memberCrash + memberStop + memberRestart + memberJoin + diskFault
    let choice = random.next() * total
    if ((choice -= brokerCrash) < 0) this.#broker.crash()
    else if ((choice -= memberCrash) < 0) this.#members.crash()
    else if ((choice -= memberStop) < 0) this.#members.freeze()
    else if ((choice -= memberRestart) < 0) this.#members.restart()
    else if ((choice -= diskFault) < 0) this.#disk.begin()
    else if (this.#members.size < 7) this.#members.add()
  }

  /** For a while requests of some kind are refused, to all or to one; or one answer is held back. */
  #refuse(): void {
    if (this.#world.calm) return
    const { scheduler, chance, plan, middle } = this.#world
    const { refusals, refusalEveryMs, holdsAnswers } = plan.everything!
    scheduler.later(chance.between(0.2, 1.8) * refusalEveryMs, () => this.#refuse())
    if (refusals.length === 0 || (holdsAnswers && chance.chance(0.5))) {
      const api = HELD[chance.below(HELD.length)]!
      this.#world.drawn('held', api)
      return middle!.holdNext(api, chance.between(50, 450))
    }
    const refusal = refusals[chance.below(refusals.length)]!
    const only = chance.chance(0.5) ? this.#members.some(chance)?.process : undefined
    this.#world.say(
      `${refusal.api} is refused: ${refusal.dead ? 'a node that is dead' : refusal.error}${only === undefined ? '' : ` for ${only.name}`}`,
    )
    this.#world.drawn('refusal', `${refusal.api} ${refusal.dead ? 'dead' : refusal.error}`)
    const end = middle!.refuse(refusal, (process) => (only === undefined ? this.#members.of(process) !== undefined : process === only))
    scheduler.later(chance.between(20, REFUSED_MS), end)
  }

  #foreign(): void {
    if (this.#world.calm) return
    this.#members.addForeign()
    this.#world.scheduler.later(this.#world.chance.between(800, 3_000), () => this.#foreign())
  }

  #calmDown(): void {
    this.#world.say('no more faults')
    this.#world.network.weather = CALM
    this.#world.middle?.calmDown()
    this.#world.calmDown(this.#disk.calmDown())
    this.#nodes.calmDown()
  }
}
