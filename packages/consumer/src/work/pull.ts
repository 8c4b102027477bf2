/**
 * Records for a loop that asks for them, one at a time: `for await (const message of consumer.messages('orders'))`.
 *
 * Invariant: a record is done when the next one is asked for, and not before. One that was handed out when the loop is
 * left is not done: its call fails in the turn in which the run stops. While nobody asks, no call is begun, so that a
 * record that waits here holds up no rebalance.
 */
import type { ReceivedMessage } from '@tidemark/client'

interface Waiter {
  resolve(result: IteratorResult<ReceivedMessage, undefined>): void
  reject(error: unknown): void
}

/** The loop was left: its record is not done. */
class LoopLeft extends Error {
  override readonly message = 'the loop over messages() was left before it asked for the next message'
}

const DONE = { value: undefined, done: true } as const

export class Pull {
  /** Calls of `next` that wait for a record, or for the end. */
  readonly #waiters: Waiter[] = []
  #inHand: PromiseWithResolvers<void> | undefined
  #end: { readonly error: unknown } | undefined
  #pump: () => void = () => {}

  /** The worker that hands out the records. */
  attach(worker: { pump(): void }): void {
    this.#pump = () => worker.pump()
  }

  /** How many calls may run: one, and only while somebody waits for its record. */
  get concurrency(): number {
    return this.#inHand !== undefined || this.#waiters.length > 0 ? 1 : 0
  }

  /** The handler of the topics. */
  handle(message: ReceivedMessage): Promise<void> {
    const inHand = Promise.withResolvers<void>()
    this.#inHand = inHand
    this.#waiters.shift()!.resolve({ value: message, done: false })
    if (this.#waiters.length > 0) this.#settle(() => inHand.resolve()) // the next one was asked for already
    return inHand.promise
  }

  next(): Promise<IteratorResult<ReceivedMessage, undefined>> {
    if (this.#end !== undefined) return this.#ended()
    const result = new Promise<IteratorResult<ReceivedMessage, undefined>>((resolve, reject) => this.#waiters.push({ resolve, reject }))
    if (this.#inHand !== undefined) this.#settle((inHand) => inHand.resolve())
    else this.#pump()
    return result
  }

  /** The loop was left. */
  leave(): void {
    this.#settle((inHand) => inHand.reject(new LoopLeft()))
  }

  /** The run is over: the loop ends, or throws, where it asks next. */
  end(error: unknown): void {
    const [first, ...others] = this.#waiters.splice(0)
    this.#end = { error: first === undefined ? error : undefined }
    if (error === undefined) first?.resolve(DONE)
    else first?.reject(error)
    for (const waiter of others) waiter.resolve(DONE)
  }

  #ended(): Promise<IteratorResult<ReceivedMessage, undefined>> {
    const { error } = this.#end!
    this.#end = { error: undefined } // told once
    return error === undefined ? Promise.resolve(DONE) : Promise.reject(error)
  }

  #settle(how: (inHand: PromiseWithResolvers<void>) => void): void {
    const inHand = this.#inHand
    this.#inHand = undefined
    if (inHand !== undefined) how(inHand)
  }
}
