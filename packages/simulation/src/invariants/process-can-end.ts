import { type Fact, type Invariant, Violation } from '../facts.ts'

/**
 * A moment after consumer and client were closed nothing keeps the process alive: no timer, no connection, and no
 * call is left unsettled. Found in 0.1: a stop during a revocation overwrote who waited for the first drain, and the
 * process lived on until the rebalance time-out; `run()` never settled when the client was closed beneath it.
 */
export class ProcessCanEnd implements Invariant {
  readonly name = 'a process whose work is over can end'

  see(fact: Fact): void {
    if (fact.kind !== 'processOver') return
    const { timers, connections, unsettled } = fact
    if (timers === 0 && connections === 0 && unsettled.length === 0) return
    const text = `${timers} timers, ${connections} connections, unsettled: ${unsettled.join(', ') || 'nothing'}`
    throw new Violation(this.name, `${fact.process.name} is closed, and there are ${text}`)
  }
}
