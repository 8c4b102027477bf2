/** All members of the groups: they are started, and started again by a supervisor when they have ended. */
import type { Process, SeededRandom } from '@tidemark/testing/internal'
import { Handlers } from '../workload/handlers.ts'
import { GROUP, OTHER_GROUP, type World } from '../world.ts'
import { isExpected } from './expected-ends.ts'
import { ForeignMember } from './foreign.ts'
import { Member } from './member.ts'

export class Members {
  readonly #world: World
  readonly #handlers: Handlers
  readonly #members = new Map<string, Member>()
  #next = 1
  #nextForeign = 1
  #nextClosed = 1

  constructor(world: World) {
    this.#world = world
    this.#handlers = new Handlers(world)
  }

  get size(): number {
    return this.#members.size
  }

  get living(): Member[] {
    return [...this.#members.values()].filter((m) => m.process.alive)
  }

  of(process: Process): Member | undefined {
    return [...this.#members.values()].find((m) => m.process === process)
  }

  add(): void {
    this.#start(`member-${this.#next++}`)
  }

  #groupOf(name: string): string {
    const isOther = this.#world.plan.everything?.groups === 2 && Number(name.split('-')[1]) % 2 === 0
    return isOther ? OTHER_GROUP : GROUP
  }

  #start(name: string): void {
    const process = this.#world.newProcess(name)
    process.later(0, () => this.#run(name, process))
  }

  #run(name: string, process: Process): void {
    const member = new Member(this.#world, name, this.#groupOf(name), process, (m, error) => this.#ended(m, error))
    member.subscribe(this.#handlers)
    this.#members.set(name, member)
    for (const how of this.#world.plan.everything?.readers ?? []) {
      this.#world.drawn('events', how)
      for (let i = how === 'two at once' ? 2 : 1; i > 0; i--) member.readEvents(how === 'two at once' ? 'steady' : how)
    }
    member.run()
  }

  /** A consumer that is closed before it runs does not join. */
  addClosed(): void {
    const process = this.#world.newProcess(`closed-${this.#nextClosed++}`, this.#world.chance)
    this.#world.drawn('verb', 'close before run')
    process.later(0, () => {
      const member = new Member(this.#world, process.name, GROUP, process, () => {})
      member.subscribe(this.#handlers)
      void member.track('close()', member.consumer.close()).then(() => {
        if (!process.alive) return
        this.#world.tell({ kind: 'closed', process, group: GROUP })
        void member.track('run()', member.consumer.run())
        member.end(
          () => {},
          () => {},
        )
      })
    })
  }

  addForeign(): void {
    const process = this.#world.newProcess(`foreign-${this.#nextForeign++}`, this.#world.chance)
    this.#world.drawn('member', 'foreign')
    const member = new ForeignMember(this.#world, process, this.#world.chance.between(200, 1_500))
    process.later(0, () => void member.run().catch((error) => this.#world.fail('the foreign member works', error)))
  }

  /** One that lives and is not stopped. */
  some(random: SeededRandom = this.#world.random): Member | undefined {
    const running = this.living.filter((m) => !m.process.stopped)
    return running[random.below(running.length)]
  }

  /** The user ends it: nothing of it may be left, and its supervisor starts it again. */
  end(member: Member, begin: () => void): void {
    member.end(begin, () => this.#startAgain(member))
  }

  closeInHandler(member: Member): void {
    this.#world.closesInHandler = member
  }

  #startAgain(member: Member): void {
    this.#world.scheduler.later(this.#world.chance.between(50, 400), () => this.#start(member.name))
  }

  #ended(member: Member, error: unknown): void {
    const drawn = this.#world.plan.everything !== undefined
    if (error !== undefined && !isExpected(this.#world, member, error)) {
      return this.#world.fail('a member works until it is stopped', error)
    }
    if (drawn) return this.end(member, () => {})
    // A join of the crashed process that is still on its way fences the one that was started since: its supervisor
    // starts it again.
    this.#world.say(`${member.name} was fenced`)
    member.process.crash()
    this.#world.scheduler.later(100, () => this.#start(member.name))
  }

  // Faults --------------------------------------------------------------------------------------------

  crash(): void {
    const member = this.some()
    if (member === undefined) return
    member.process.crash()
    this.#world.tell({ kind: 'memberCrashed', process: member.process })
    this.#world.scheduler.later(this.#world.random.between(10, 900), () => this.#start(member.name))
  }

  /** SIGSTOP, for shorter or longer than the session, and SIGCONT. */
  freeze(): void {
    const member = this.some()
    if (member === undefined) return
    this.#world.tell({ kind: 'memberStopped', process: member.process })
    member.process.stop()
    this.#world.scheduler.later(this.#world.random.between(50, 1_500), () => {
      this.#world.say(`${member.name} goes on`)
      member.process.resume()
    })
  }

  restart(): void {
    const member = this.some()
    if (member === undefined || member.stop.signal.aborted) return
    this.#world.say(`${member.name} is told to stop`)
    if (this.#world.plan.everything !== undefined) return this.end(member, () => member.stop.abort())
    member.process.later(0, () => member.stop.abort())
    this.#world.scheduler.later(this.#world.random.between(600, 1_500), () => {
      if (!member.process.alive) return
      member.process.crash()
      this.#start(member.name)
    })
  }
}
