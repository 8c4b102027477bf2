import { type Fact, type Invariant, Violation } from '../facts.ts'

/**
 * A dead letter is of a record that a handler of the group was called for: it has the record's value, and its name. A
 * member tells of a dead letter only once the broker has it.
 */
export class LettersAreTrue implements Invariant {
  readonly name = 'a dead letter is what it says, and is there when it is told of'
  /** `group/place/offset`: the values that handlers were given. */
  readonly #values = new Map<string, Set<string>>()
  /** `group/place/offset`. */
  readonly #written = new Set<string>()

  see(fact: Fact): void {
    if (fact.kind === 'handlerStarted') {
      const key = keyOf(fact)
      this.#values.set(key, (this.#values.get(key) ?? new Set()).add(fact.value))
    } else if (fact.kind === 'letterWritten') {
      const where = `${fact.place} at ${fact.offset}`
      if (!fact.isNamed) throw new Violation(this.name, `the dead letter of ${where} has another record's name`)
      if (!this.#values.get(keyOf(fact))?.has(fact.value))
        throw new Violation(this.name, `no handler was called for the dead letter of ${where}`)
      this.#written.add(keyOf(fact))
    } else if (fact.kind === 'letterTold' && !this.#written.has(keyOf(fact))) {
      throw new Violation(
        this.name,
        `${fact.process.name} tells of a dead letter of ${fact.place} at ${fact.offset}, which the broker does not have`,
      )
    }
  }
}

const keyOf = ({ group, place, offset }: { readonly group: string; readonly place: string; readonly offset: number }): string =>
  `${group}/${place}/${offset}`
