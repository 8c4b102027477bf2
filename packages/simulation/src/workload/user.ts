/** The user of a consumer: calls its verbs at odd moments. */

import type { Member } from '../actors/member.ts'
import type { Members } from '../actors/members.ts'
import { type Fact, placeOf } from '../facts.ts'
import type { World } from '../world.ts'
import type { Everything, Verb } from './everything.ts'

type Target = number | 'earliest' | 'latest' | Date
/** Stands for some offset that the log has. */
const IN_THE_LOG = -1

interface Limits {
  readonly timeoutMs?: number
}

export class User {
  readonly #world: World
  readonly #members: Members
  readonly #everything: Everything
  /** What is to be done when its member next joins, or gets an assignment. */
  readonly #armed = new Map<Member, () => void>()
  #calls = 0

  constructor(world: World, members: Members, everything: Everything) {
    this.#world = world
    this.#members = members
    this.#everything = everything
  }

  start(): void {
    if (this.#everything.verbs.length > 0) this.#world.scheduler.later(this.#everything.verbEveryMs, () => this.#act())
  }

  see(fact: Fact): void {
    if (fact.kind !== 'joinSent' && fact.kind !== 'syncAnswered') return
    for (const [member, act] of this.#armed) {
      if (member.process !== fact.process) continue
      this.#armed.delete(member)
      member.process.later(this.#world.chance.chance(0.5) ? 0 : this.#world.chance.between(0, 60), act)
    }
  }

  #act(): void {
    if (this.#world.calm) return
    const { chance } = this.#world
    this.#world.scheduler.later(chance.between(0.2, 1.8) * this.#everything.verbEveryMs, () => this.#act())
    const verb = this.#everything.verbs[chance.below(this.#everything.verbs.length)]!
    if (verb === 'close before run') return this.#members.addClosed()
    const member = this.#members.some(chance)
    if (member === undefined || member.ending) return
    this.#world.drawn('verb', verb)
    this.#world.say(`${member.name}: ${verb}`)
    member.process.later(0, () => this.#do(verb, member))
  }

  #do(verb: Verb, member: Member): void {
    const { consumer, process, group } = member
    const of = { process, group }
    const { topic, partition } = this.#somePlace()
    switch (verb) {
      case 'seek':
        return this.#seek(member, this.#someTarget())
      case 'seek twice':
        this.#seek(member, this.#someTarget())
        return this.#seek(member, this.#someTarget())
      case 'seek beyond the end':
        return this.#seek(member, 10_000)
      case 'seek at assignment':
        return void this.#armed.set(member, () => this.#seekAll(member))
      case 'stop during a rebalance':
        return void this.#armed.set(member, () => this.#members.end(member, () => member.stop.abort()))
      case 'pause':
      case 'pause what is not assigned':
        return this.#pausing(member, topic, undefined)
      case 'pause partitions':
        return this.#pausing(member, topic, [partition])
      case 'resume':
        return this.#resume(member, topic)
      case 'commit':
        return void this.#commit(member)
      case 'positions':
        for (const p of consumer.positions()) {
          const place = this.#world.placeOf(p.topic, p.partition)
          this.#world.tell({ kind: 'positionsTold', ...of, place, waiting: p.waiting, waitingMax: this.#world.waitingMax })
        }
        return
      case 'explain':
        void member.track('metrics()', consumer.metrics({ timeoutMs: 1_000 }))
        this.#replay(member, topic)
        for (const { because } of consumer.explain()) if (because === '') this.#world.fail('explain() explains', 'it says nothing')
        return
      case 'close':
        return this.#members.end(member, () => this.#close(member))
      case 'close twice':
        return this.#members.end(member, () => (this.#close(member), this.#close(member)))
      case 'close in a handler':
        return this.#members.closeInHandler(member)
      case 'close the client first':
        return this.#members.end(member, () => (this.#closeClient(member), this.#close(member)))
      case 'close the client alone':
        return this.#members.end(member, () => this.#closeClient(member))
      case 'stop with a signal':
        return this.#members.end(member, () => member.stop.abort())
      case 'close before run':
        return
    }
  }

  #close(member: Member): void {
    const { process, group } = member
    const close = member.consumer.close as (limits: Limits) => Promise<void>
    const limits = this.#limits()
    if (limits.timeoutMs !== undefined) this.#world.tell({ kind: 'closeCalled', process, group, timeoutMs: limits.timeoutMs })
    void member
      .track('close()', close.call(member.consumer, limits))
      .then(() => process.alive && this.#world.tell({ kind: 'closed', process, group }))
  }

  /** A consumer that takes no limits leaves them unread. */
  #limits(): Limits {
    if (this.#world.chance.chance(0.5)) return {}
    this.#world.drawn('limits', 'timeoutMs')
    return { timeoutMs: this.#world.chance.between(1, 1_500) }
  }

  #closeClient(member: Member): void {
    member.kafkaClosed = true
    void member.track('close() of the client', member.kafka.close())
  }

  #somePlace(): { topic: string; partition: number } {
    const { chance, plan, topicNames } = this.#world
    return { topic: topicNames[chance.below(topicNames.length)]!, partition: chance.below(plan.partitions) }
  }

  #someTarget(): Target {
    const { chance } = this.#world
    const targets: readonly Target[] = [IN_THE_LOG, 'earliest', 'latest', new Date(this.#world.now() - chance.below(1_000))]
    return targets[chance.below(targets.length)]!
  }

  #seekAll(member: Member): void {
    for (const topic of this.#world.topicNames) {
      for (let p = 0; p < this.#world.plan.partitions; p++) this.#seek(member, this.#someTarget(), { topic, partition: p })
    }
  }

  #seek(member: Member, target: Target, { topic, partition } = this.#assigned(member)): void {
    const { process, group } = member
    const place = this.#world.placeOf(topic, partition)
    const to = target === IN_THE_LOG ? this.#world.chance.below(this.#world.ledger.endOf(place) + 1) : target
    const call = ++this.#calls
    this.#world.drawn('seek', typeof to === 'object' ? 'Date' : typeof to === 'number' ? 'number' : to)
    this.#world.tell({ kind: 'seekCalled', process, group, place, call, to: String(to) })
    if (typeof to === 'number') this.#world.tell({ kind: 'jumped', group, place, offset: to })
    const offset = typeof to === 'number' ? to : undefined
    void member.track('seek()', member.consumer.seek(topic, partition, to)).then(() => {
      if (process.alive) this.#world.tell({ kind: 'seekSettled', process, group, place, call, offset })
    })
  }

  /** A partition that the member has, if it has one: else any. */
  #assigned(member: Member): { topic: string; partition: number } {
    const all = member.consumer.positions()
    return all[this.#world.chance.below(all.length)] ?? this.#somePlace()
  }

  /** What a replay would handle; it joins nothing and commits nothing. A pulled topic has no handler. */
  #replay(member: Member, topic: string): void {
    if (this.#everything.topics.some(({ name, kind }) => name === topic && kind === 'messages')) return
    const { process } = member
    const replaying = member.consumer.replay(topic, { dryRun: true }).catch((error) => {
      if (process.alive) this.#world.tell({ kind: 'shown', process, what: 'replay() rejects' })
      throw error
    })
    void member.track('replay()', replaying)
  }

  #pausing(member: Member, topic: string, partitions: readonly number[] | undefined): void {
    const { process, group } = member
    member.consumer.pause(topic, partitions)
    this.#world.tell({ kind: 'paused', process, group, topic, partitions })
    process.later(this.#world.chance.between(10, 1_500), () => this.#resume(member, topic))
  }

  #resume(member: Member, topic: string): void {
    const { process, group } = member
    this.#world.tell({ kind: 'resumed', process, group, topic, partitions: undefined })
    member.consumer.resume(topic)
  }

  async #commit(member: Member): Promise<void> {
    const { process, group } = member
    const commit = member.consumer.commit as (limits: Limits) => Promise<void>
    const due = new Map(member.consumer.positions().map((p) => [placeOf(p.topic, p.partition), p.committable]))
    const committed = await member.track(
      'commit()',
      commit.call(member.consumer, this.#limits()).then(() => true),
    )
    if (committed !== true || !process.alive) return
    const held = new Set(member.consumer.positions().map((p) => placeOf(p.topic, p.partition)))
    // What was sought elsewhere meanwhile is committed elsewhere.
    if (this.#everything.jumps) return
    const offsets = new Map([...due].filter(([place, offset]) => held.has(place) && offset > 0))
    this.#world.tell({ kind: 'commitResolved', process, group, offsets, covers: 'below' })
  }
}
