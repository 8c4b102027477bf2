/**
 * What the journal of consumers.ts says, line by line in the order in which it happened; and whether it is right: no
 * record lost, the records of a key in their order, and for each record that was done twice what had happened to those
 * who did it.
 */
import { readFileSync } from 'node:fs'

export interface Done {
  /** The line of the journal. */
  readonly at: number
  /** The line in which it was begun: what runs when a claim ends is not stopped, and is done after that. */
  readonly began: number
  readonly who: string
  readonly key: string
  readonly n: number
  readonly partition: number
  readonly offset: number
}

/** How far a record may have been done ahead of the first that was not. */
const AHEAD_MAX = 20_000

interface Span {
  readonly from: number
  to: number
}

export interface Judged {
  readonly done: number
  /** Of those that had to be there. */
  readonly lost: readonly string[]
  /** Keys whose records were first done, or done by one claim, out of order. */
  readonly outOfOrder: readonly string[]
  readonly repeats: number
  /** How many of them by what explains them. */
  readonly explained: Readonly<Record<Cause, number>>
  readonly unexplained: readonly string[]
  readonly failed: readonly string[]
}

/**
 * A takeover: the partition was given up in peace, with a record below that was not done; a commit may not pass that
 * one.
 */
export const causes = ['SIGKILL of the member', 'SIGSTOP of the member', 'kill of the broker', 'claim lost', 'takeover'] as const
export type Cause = (typeof causes)[number]

export function judgeJournal(path: string, acknowledged: ReadonlySet<string>): Judged {
  const lines = readFileSync(path, 'utf8').split('\n')
  const seen = new Map<string, Done[]>()
  const killed = new Map<string, number>()
  const stopped = new Map<string, Span[]>()
  const lost = new Map<string, number[]>()
  const givenUp = new Map<string, number[]>()
  /** By partition and offset: the line in which it was first done. */
  const firstDone = new Map<string, number>()
  /** By member, partition and offset: the line in which it was last begun. */
  const begun = new Map<string, number>()
  const brokerKills: number[] = []
  const failed: string[] = []
  const order = new Order()
  for (const [at, line] of lines.entries()) {
    const [kind, who, ...rest] = line.split(' ') as [string, string, ...string[]]
    if (kind === 'done') {
      const [key, n, partition, offset] = rest as [string, string, string, string]
      const began = begun.get(`${who}/${partition}/${offset}`) ?? at
      const done = { at, began, who, key, n: Number(n), partition: Number(partition), offset: Number(offset) }
      if (!firstDone.has(`${partition}/${offset}`)) firstDone.set(`${partition}/${offset}`, at)
      const before = seen.get(`${key}:${n}`)
      order.see(done, before === undefined)
      if (before === undefined) seen.set(`${key}:${n}`, [done])
      else before.push(done)
    } else if (kind === 'began') begun.set(`${who}/${rest[0]}/${rest[1]}`, at)
    else if (kind === 'assigned') order.claim(who, Number(rest[0]))
    else if (kind === 'ended') {
      const ends = rest[1] === 'lost' ? lost : givenUp
      ends.set(`${who}/${rest[0]}`, [...(ends.get(`${who}/${rest[0]}`) ?? []), at])
    } else if (kind === 'killed') killed.set(who, at)
    else if (kind === 'stopped') stopped.set(who, [...(stopped.get(who) ?? []), { from: at, to: Number.POSITIVE_INFINITY }])
    else if (kind === 'continued') stopped.get(who)!.at(-1)!.to = at
    else if (kind === 'brokerKilled') brokerKills.push(at)
    else if (kind === 'failed') failed.push(line)
  }

  const explain = (first: Done, second: Done): Cause | undefined => {
    const within = (at: number): boolean => at > first.began && at < second.at
    if (within(killed.get(first.who) ?? -1)) return 'SIGKILL of the member'
    const stops = [first, second].flatMap(({ who }) => stopped.get(who) ?? [])
    if (stops.some(({ from, to }) => from < second.at && to > first.began)) return 'SIGSTOP of the member'
    if (brokerKills.some(within)) return 'kill of the broker'
    if ((lost.get(`${first.who}/${first.partition}`) ?? []).some(within)) return 'claim lost'
    const ends = (givenUp.get(`${first.who}/${first.partition}`) ?? []).filter(within)
    if (ends.some((at) => hasUndoneBelow(first, at))) return 'takeover'
    return undefined
  }
  /** Whether a record of the partition below this one was not done yet by that line. */
  function hasUndoneBelow({ partition, offset }: Done, at: number): boolean {
    for (let o = offset - 1; o >= Math.max(0, offset - AHEAD_MAX); o--)
      if ((firstDone.get(`${partition}/${o}`) ?? Number.POSITIVE_INFINITY) > at) return true
    return false
  }
  const explained = Object.fromEntries(causes.map((cause) => [cause, 0])) as Record<Cause, number>
  const unexplained: string[] = []
  let repeats = 0
  let total = 0
  for (const [record, times] of seen) {
    total += times.length
    for (let i = 1; i < times.length; i++) {
      repeats++
      const cause = explain(times[i - 1]!, times[i]!)
      if (cause === undefined) unexplained.push(`${record} by ${times[i - 1]!.who} and ${times[i]!.who}`)
      else explained[cause]++
    }
  }
  return {
    done: total,
    lost: [...acknowledged].filter((record) => !seen.has(record)),
    outOfOrder: order.wrong,
    repeats,
    explained,
    unexplained,
    failed,
  }
}

/**
 * The records of a key are done in their order: for the first time, seen from outside; and each time, within a claim.
 */
class Order {
  readonly wrong: string[] = []
  readonly #first = new Map<string, number>()
  readonly #ofClaim = new Map<string, Map<string, number>>()

  /** A member got a partition, perhaps again: what it does may begin with what was done before. */
  claim(who: string, partition: number): void {
    this.#ofClaim.delete(`${who}/${partition}`)
  }

  see({ who, key, n, partition, at }: Done, isFirst: boolean): void {
    if (isFirst) this.#check(this.#first, key, n, `line ${at + 1}: ${key}:${n} was first done behind`)
    const place = `${who}/${partition}`
    const ofClaim = this.#ofClaim.get(place) ?? new Map<string, number>()
    this.#ofClaim.set(place, ofClaim)
    this.#check(ofClaim, key, n, `line ${at + 1}: ${who} did ${key}:${n} behind`)
  }

  #check(last: Map<string, number>, key: string, n: number, text: string): void {
    const before = last.get(key) ?? -1
    if (n <= before) this.wrong.push(`${text} ${before}`)
    last.set(key, Math.max(n, before))
  }
}
