import { type Fact, type Invariant, Violation } from '../facts.ts'

/**
 * Records that wait for a handler stay within the named limit and what one more answer may hold. Found in 0.1: the
 * limits counted records and not what they hold in memory; from outside only their number can be seen.
 */
export class WaitingIsBounded implements Invariant {
  readonly name = 'what waits is within the limits'

  see(fact: Fact): void {
    if (fact.kind !== 'positionsTold' || fact.waiting <= fact.waitingMax) return
    throw new Violation(this.name, `${fact.process.name} holds ${fact.waiting} waiting records of ${fact.place}; ${fact.waitingMax} may`)
  }
}
