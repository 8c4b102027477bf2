/** One transaction at a time on a connection, in the order of asking, for all stores that use it. */
class Turns {
  #last: Promise<unknown> = Promise.resolve()

  take<T>(act: () => Promise<T>): Promise<T> {
    const mine = this.#last.then(act, act)
    this.#last = mine.catch(() => {}) // its caller has the failure
    return mine
  }
}

const turns = new WeakMap<object, Turns>()

export function turnsOf(connection: object): Turns {
  const known = turns.get(connection) ?? new Turns()
  turns.set(connection, known)
  return known
}
