/** The records of one key: which number is next, and which are held back until then. */
import type { Clock, Timer } from '@tidemark/platform'
import { isOverInSpite } from '../work/verdict.ts'
import type { SequenceProblem } from './sequence.ts'

export interface SequenceRules {
  readonly window: number
  readonly waitMaxMs: number
  readonly clock: Clock
  /** Whether a record that has failed for the last time stops its partition, and so its successors. */
  stops: boolean
  /** Of all lines together. */
  readonly held: { count: number; max: number; readonly lines: Set<Line> }
}

/** What a call knows of its attempts. */
interface Attempted {
  readonly attempt: number
  readonly attemptsMax: number
  readonly signal: AbortSignal
}

/** `next`: the record is the next one now; `again`: look again. What `report` threw meanwhile fails the call. */
type Turn = 'next' | 'again' | { readonly reportFailed: unknown }

interface Held {
  readonly number: number
  readonly report: (problem: SequenceProblem) => void
  readonly go: (turn: Turn) => void
  timer: Timer
}

export class Line {
  readonly #key: string
  readonly #rules: SequenceRules
  /** Undefined: whatever comes first is first. */
  #expected: number | undefined
  /**
   * The next number is being handled, or will be tried again: its successors wait for it without a limit, and fill no
   * window.
   */
  #isNextKnown = false
  /** In ascending order of numbers. */
  #held: Held[] = []
  /** Numbers that were given up. */
  readonly #missing = new Set<number>()

  constructor(key: string, expected: number | undefined, rules: SequenceRules) {
    this.#key = key
    this.#expected = expected
    this.#rules = rules
  }

  get isBusy(): boolean {
    return this.#isNextKnown || this.#held.length > 0
  }

  async take(number: number, context: Attempted, report: (problem: SequenceProblem) => void, call: () => unknown): Promise<void> {
    this.#expected ??= number
    if (number < this.#expected) {
      const isLate = this.#missing.has(number)
      report({ kind: isLate ? 'late' : 'duplicate', key: this.#key, number })
      if (!isLate) return
      await call()
      this.#missing.delete(number)
      return
    }
    const isRetried = number === this.#expected && context.attempt > 1
    if (number > this.#expected || (this.#isNextKnown && !isRetried)) {
      const turn = await this.#hold(number, context, report)
      if (turn === 'again') return await this.take(number, context, report, call)
      if (turn !== 'next') return await this.#handle(number, context, () => Promise.reject(turn.reportFailed))
    }
    await this.#handle(number, context, call)
  }

  async #handle(number: number, context: Attempted, call: () => unknown): Promise<void> {
    this.#isNextKnown = true
    try {
      await call()
    } catch (error) {
      const isOver = isOverInSpite(context) || (context.attempt >= context.attemptsMax && !this.#rules.stops)
      if (isOver) this.#advance(number + 1)
      throw error
    }
    this.#advance(number + 1)
  }

  #advance(to: number): void {
    this.#isNextKnown = false
    this.#expected = to
    // Copies of what was handled are duplicates now; so is a second copy of the next one, once that is handled.
    for (const held of this.#held.filter((h) => h.number < to)) this.#letGo(held, 'again')
    const [first] = this.#held
    if (first?.number === to) this.#letGo(first, 'next')
    else this.#giveUpIfFull()
  }

  async #hold(number: number, { signal }: Attempted, report: Held['report']): Promise<Turn> {
    const { clock, waitMaxMs, held: all } = this.#rules
    signal.throwIfAborted()
    if (this.#isEarly(number)) report({ kind: 'early', key: this.#key, number, expected: this.#expected! })
    return await new Promise((resolve, reject) => {
      const abort = (): void => {
        this.#remove(held)
        reject(signal.reason)
      }
      const go = (turn: Turn): void => {
        signal.removeEventListener('abort', abort)
        resolve(turn)
      }
      const held: Held = { number, report, go, timer: clock.schedule(waitMaxMs, () => this.#overdue(held)) }
      signal.addEventListener('abort', abort, { once: true })
      this.#held = [...this.#held, held].sort((a, b) => a.number - b.number)
      all.count++
      all.lines.add(this)
      this.#giveUpIfFull()
      if (all.count > all.max) for (const line of all.lines) if (line.#giveUp('slots')) break
    })
  }

  /** Its predecessor has not come. */
  #isEarly(number: number): boolean {
    const before = number - 1
    if (number === this.#expected || (before === this.#expected && this.#isNextKnown)) return false
    return !this.#held.some((held) => held.number === before)
  }

  /** The line goes on behind the first gap; a record behind another one has as long again. */
  #overdue(held: Held): void {
    this.#giveUp('time')
    const { clock, waitMaxMs } = this.#rules
    if (this.#held.includes(held)) held.timer = clock.schedule(waitMaxMs, () => this.#overdue(held))
  }

  #giveUpIfFull(): void {
    if (this.#held.length > this.#rules.window) this.#giveUp('window')
  }

  /** Goes on behind the gap. False: there is none, the next number is at work. */
  #giveUp(because: 'window' | 'time' | 'slots'): boolean {
    const [first] = this.#held
    if (first === undefined || this.#isNextKnown || first.number <= this.#expected!) return false
    const [from, to] = [this.#expected!, first.number - 1]
    let turn: Turn = 'next'
    try {
      first.report({ kind: 'gap', key: this.#key, from, to, because })
    } catch (error) {
      turn = { reportFailed: error } // of this record's call, not of what made it give up: a timer, another record
    }
    for (let n = Math.max(from, to - this.#rules.window + 1); n <= to; n++) this.#missing.add(n)
    for (const n of this.#missing) if (this.#missing.size > this.#rules.window) this.#missing.delete(n)
    this.#expected = first.number
    this.#letGo(first, turn)
    return true
  }

  #letGo(held: Held, turn: Turn): void {
    if (turn !== 'again') this.#isNextKnown = true
    this.#remove(held)
    held.go(turn)
  }

  #remove(held: Held): void {
    held.timer.cancel()
    if (!this.#held.includes(held)) return
    this.#held = this.#held.filter((h) => h !== held)
    const { held: all } = this.#rules
    all.count--
    if (this.#held.length === 0) all.lines.delete(this)
  }
}
