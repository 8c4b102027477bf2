/** What handlers do: work for a while and succeed or fail, and everything else that a program can do in a handler. */
import type { Message } from '@tidemark/client'
import type { BatchContext, Context, MessageBatch, StoredContext } from '@tidemark/consumer'
import { effectOf, type Transaction } from '../actors/database.ts'
import type { Member } from '../actors/member.ts'
import { type Handling, placeOf } from '../facts.ts'
import type { World } from '../world.ts'
import { counted } from './counted.ts'
import type { HandlerKind, TopicWork } from './everything.ts'

type AnyContext = Context | BatchContext

export class Handlers {
  readonly #world: World
  #calls = 0

  constructor(world: World) {
    this.#world = world
  }

  /** Works for a while, and fails as often as the plan says. */
  async plain(member: Member, messages: readonly Message[], context: AnyContext, concurrency: number): Promise<void> {
    const { plan } = this.#world
    const order = plan.batches ? 'batches' : plan.order
    const { signal } = context
    const handlings = this.#start(member, messages, context, { order, concurrency }, () => signal)
    await this.#work(member, handlings)
  }

  async #work(member: Member, handlings: readonly Handling[]): Promise<void> {
    const { random, plan } = this.#world
    const [from, to] = plan.workMs
    await new Promise<void>((resolve) => member.process.later(random.between(from, to), resolve))
    const failed = !this.#world.calm && random.chance(plan.failChance)
    this.#settle(handlings, failed ? 'handlerFailed' : 'handlerDone')
    if (failed) throw new Error('the work failed')
  }

  #start(member: Member, messages: readonly Message[], context: AnyContext, how: Handling['how'], signal: () => AbortSignal): Handling[] {
    const call = ++this.#calls
    const { process, group } = member
    const topic = this.#world.wiretap.names.ofContext(context.id, messages[0]!.topic)
    const handlings = messages.map((m): Handling => {
      const [key, value] = [m.key?.toString(), m.value!.toString()]
      return { process, group, place: placeOf(topic, m.partition), offset: m.offset, key, value, call, how, signal }
    })
    for (const h of handlings) this.#world.tell({ kind: 'handlerStarted', ...h })
    return handlings
  }

  #settle(handlings: readonly Handling[], kind: 'handlerDone' | 'handlerFailed'): void {
    for (const h of handlings) this.#world.tell({ kind, ...h })
  }

  /** A turn of a loop over `messages()`; false: the loop is to be left, with its record not done. */
  async pulled(member: Member, message: Message, context: Context): Promise<boolean> {
    const { chance, plan, calm } = this.#world
    const handlings = this.#start(member, [message], context, { order: 'partition', concurrency: 1 }, () => context.signal)
    const [from, to] = plan.workMs
    await new Promise<void>((resolve) => member.process.later(chance.between(from, to), resolve))
    const isLeft = !calm && chance.chance(plan.failChance / 5)
    this.#settle(handlings, isLeft ? 'handlerFailed' : 'handlerDone')
    return !isLeft
  }

  /** One of the drawn kinds, or plain work. */
  drawn(member: Member, work: TopicWork, messages: readonly Message[], uncounted: AnyContext, batch?: MessageBatch): unknown {
    const context = counted(this.#world, work.kind === 'batches' ? 'BatchContext' : 'Context', uncounted)
    const { chance, plan, calm } = this.#world
    const { everything } = plan
    const how = { order: work.kind === 'batches' ? ('batches' as const) : work.order, concurrency: work.settings.concurrency! }
    const handlings = this.#start(member, messages, context, how, () => context.signal)
    if (work.isStored) for (const handling of handlings) (uncounted as StoredContext<Transaction>).tx.write(effectOf(handling))
    if (work.settings.exhausted === 'skip' && context.attempt >= context.attemptsMax) this.#excuse(handlings)
    if (this.#world.closesInHandler === member) return this.#closing(member, handlings)
    // The transaction of a store is its commit.
    const kinds = everything!.handlers.filter((kind) => !(work.isStored && (kind.startsWith('commit') || kind === 'name the failed one')))
    if (!calm && kinds.length > 0 && chance.chance(everything!.handlerChance)) {
      const kind = kinds[chance.below(kinds.length)]!
      this.#world.drawn('handler', kind)
      this.#world.say(`${member.name}: its handler is one that does '${kind}'`)
      return this.#as(kind, member, handlings, context, work, batch)
    }
    if (this.#world.mode === 'manual') return this.#committing(member, handlings, context)
    return this.#work(member, handlings)
  }

  /**
   * Closing a consumer inside of its own handler is refused: the close would wait for the handler, and the handler
   * for the close.
   */
  async #closing(member: Member, handlings: readonly Handling[]): Promise<void> {
    this.#world.closesInHandler = undefined
    const isRunning = !member.ending
    const closing = member.consumer.close().then(() => true)
    const closed = await member.track('close() in a handler', closing)
    if (closed === true && isRunning && member.process.alive) this.#world.fail('close() in a handler is refused', 'it resolved')
    await this.#work(member, handlings)
  }

  #excuse(handlings: readonly Handling[]): void {
    for (const { group, place, offset } of handlings) this.#world.tell({ kind: 'excused', group, place, offset })
  }

  #as(
    kind: HandlerKind,
    member: Member,
    handlings: readonly Handling[],
    context: AnyContext,
    work: TopicWork,
    batch: MessageBatch | undefined,
  ): unknown {
    const { process } = member
    const done = (): void => this.#settle(handlings, 'handlerDone')
    const failed = (): void => this.#settle(handlings, 'handlerFailed')
    const later = (act: () => void): void => void process.later(this.#world.chance.between(0, 30), act)
    switch (kind) {
      case 'commit':
        return this.#committing(member, handlings, context)
      case 'commit and go on':
        done()
        void this.#commit(member, handlings, context).catch(() => {}) // this user does not care
        return new Promise<void>((resolve) => later(resolve))
      case 'skip':
        this.#excuse(handlings)
        context.skip('drawn')
        return this.#work(member, handlings)
      case 'listen to the signal':
        context.signal.addEventListener('abort', () => {})
        return this.#work(member, handlings)
      case 'return a value':
        done()
        return 'a value'
      case 'return a thenable':
        return thenable((resolve) => later(() => (done(), resolve())))
      case 'return a function with then':
        return Object.assign(
          () => {},
          thenable((resolve) => later(() => (done(), resolve()))),
        )
      case 'resolve twice':
        return thenable((resolve) => later(() => (done(), resolve(), resolve())))
      case 'throw in then':
        return thenable(() => {
          failed()
          throw new Error('then failed')
        })
      case 'throw anything': {
        const things = [undefined, null, 'text', 42, Symbol('thing'), Object.create(null), new Error('work failed'), () => {}]
        failed()
        throw things[this.#world.chance.below(things.length)]
      }
      case 'never settle':
        return new Promise(() => {})
      case 'dead letter':
        if (typeof work.settings.exhausted !== 'object') return this.#work(member, handlings)
        context.deadLetter(this.#world.chance.chance(0.5) ? 'drawn' : new Error('drawn'))
        return new Promise<void>((resolve) => later(() => (failed(), resolve())))
      case 'name the failed one': {
        if (batch === undefined) return this.#work(member, handlings)
        const index = this.#world.chance.below(handlings.length)
        return new Promise<void>((resolve) =>
          later(() => {
            this.#settle(handlings.slice(0, index), 'handlerDone')
            this.#settle(handlings.slice(index), 'handlerFailed')
            batch.failedAt(index, new Error('drawn'))
            resolve()
          }),
        )
      }
      case 'resolve late':
        return new Promise<void>((resolve) => process.later(this.#world.chance.between(100, 500), () => (done(), resolve())))
    }
  }

  async #committing(member: Member, handlings: readonly Handling[], context: AnyContext): Promise<void> {
    await this.#work(member, handlings)
    try {
      await this.#commit(member, handlings, context)
    } catch (error) {
      this.#settle(handlings, 'handlerFailed')
      throw error
    }
  }

  async #commit(member: Member, handlings: readonly Handling[], context: AnyContext): Promise<void> {
    const committing = context.commit()
    void member.track('context.commit()', committing)
    await committing
    const { process, group } = member
    if (!process.alive || !this.#world.mapsAreWhole) return
    for (const { place, offset } of handlings) {
      this.#world.tell({ kind: 'commitResolved', process, group, offsets: new Map([[place, offset]]), covers: 'record' })
    }
  }
}

const thenable = (run: (resolve: () => void) => void) => ({
  // biome-ignore lint/suspicious/noThenProperty: a handler may return anything that has one
  then: (resolve: () => void): void => run(resolve),
})
