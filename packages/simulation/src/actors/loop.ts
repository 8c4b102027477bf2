/** A loop over `messages()`: one of a member's topics is pulled. */
import type { ReceivedMessage } from '@tidemark/client'
import type { Context } from '@tidemark/consumer'
import { countOptions } from '../workload/counted.ts'
import type { TopicWork } from '../workload/everything.ts'
import type { Handlers } from '../workload/handlers.ts'
import type { World } from '../world.ts'
import type { Member } from './member.ts'

/** With manual commits somebody has to call `commit()`: the loop's program does so by a timer. */
const COMMIT_EVERY_MS = 150

export class Loop {
  readonly #world: World
  readonly #member: Member
  readonly #handlers: Handlers
  readonly #messages: AsyncIterable<ReceivedMessage>
  /** A loop has no context of its own: a middleware sees it. */
  readonly #contexts = new WeakMap<object, Context>()

  constructor(world: World, member: Member, work: TopicWork, topics: string | RegExp, handlers: Handlers) {
    this.#world = world
    this.#member = member
    this.#handlers = handlers
    const settings = { exhausted: work.settings.exhausted!, signal: member.stop.signal }
    countOptions(world, 'MessagesSettings', settings)
    this.#messages = member.consumer.messages(topics, settings)
    member.consumer.use((message, context, next) => {
      this.#contexts.set(message, context)
      return next()
    })
  }

  /** After `run()` was called. */
  start(): void {
    void this.#member.track('messages()', this.#loop())
    if (this.#world.mode === 'manual') this.#commitLater()
  }

  async #loop(): Promise<void> {
    for await (const message of this.#messages) {
      const goesOn = await this.#handlers.pulled(this.#member, message, this.#contexts.get(message)!)
      if (goesOn) continue
      this.#member.leavesLoop()
      break
    }
  }

  #commitLater(): void {
    this.#member.process.later(COMMIT_EVERY_MS, () => {
      if (this.#member.ending) return
      void this.#member.track('commit()', this.#member.consumer.commit())
      this.#commitLater()
    })
  }
}
