/** The requests that wait for a reply, by ticket: each is answered once, or dropped when its connection is gone. */
import type { Now } from '@tidemark/platform'
import type { Ticket } from '../state/decision.ts'

/** What a request is answered when it cannot be decided, or its records cannot be written. */
export type ErrorReply<T> = (errorCode: number) => T

export interface Waiter {
  readonly key: string
  give(body: unknown): void
  fail(errorCode: number): void
}

export interface Waiting<T> {
  readonly ticket: Ticket<T>
  /**
   * The reply if it was given already; otherwise a promise, which resolves with undefined if `signal` aborts first.
   */
  reply(signal: AbortSignal): Now<T | undefined>
}

export class Waiters {
  readonly #byTicket = new Map<number, Waiter>()
  #nextTicket = 0

  add<T>(key: string, onError: ErrorReply<T>): Waiting<T> {
    const ticket = this.#nextTicket++ as Ticket<T>
    let answer: T | undefined
    let resolveLater: ((body: T) => void) | undefined
    const settle = (body: T): void => {
      if (resolveLater === undefined) answer = body
      else resolveLater(body)
    }
    this.#byTicket.set(ticket, {
      key,
      give: (body) => settle(body as T),
      fail: (errorCode) => settle(onError(errorCode)),
    })
    const reply = (signal: AbortSignal): Now<T | undefined> => {
      if (answer !== undefined) return answer
      return new Promise((resolve) => {
        const abort = (): void => {
          this.#byTicket.delete(ticket)
          resolve(undefined)
        }
        resolveLater = (body) => {
          signal.removeEventListener('abort', abort)
          resolve(body)
        }
        if (signal.aborted) abort()
        else signal.addEventListener('abort', abort, { once: true })
      })
    }
    return { ticket, reply }
  }

  /** Undefined: it was answered, or its connection is gone. */
  take(ticket: number): Waiter | undefined {
    const waiter = this.#byTicket.get(ticket)
    this.#byTicket.delete(ticket)
    return waiter
  }

  /** Fails all of them, or those of one key. */
  failAll(errorCode: number, key?: string): void {
    for (const [ticket, waiter] of [...this.#byTicket]) {
      if (key === undefined || waiter.key === key) this.take(ticket)?.fail(errorCode)
    }
  }
}
