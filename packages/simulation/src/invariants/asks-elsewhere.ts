import type { Process } from '@tidemark/testing/internal'
import { type Fact, type Invariant, Violation } from '../facts.ts'

interface Learnt {
  readonly at: number
  /** Undefined: it looked up the topic, or the group's coordinator. */
  readonly leader: number | undefined
}

/** Once more is no harm: the one that was refused may have ended before it could tell the rest of its client. */
const REPEATS_MAX = 1

/**
 * A client that a node refuses because another one leads or coordinates does not go on asking that node before it has
 * looked the leader up, or was told by yet another node that this one leads (KIP-951). Requests that were under way do
 * not count.
 */
export class AsksElsewhere implements Invariant {
  readonly name = 'a client does not go on asking a node that does not lead'
  /** The last refusal, and how many before it were in vain: by client, API, partition or group, and node. */
  readonly #refusals = new WeakMap<Process, Map<string, { readonly at: number; readonly repeats: number }>>()
  readonly #learnt = new WeakMap<Process, Map<string, Learnt[]>>()

  see(fact: Fact): void {
    if (fact.kind === 'leaderLearnt') return this.#learn(fact)
    if (fact.kind !== 'sentElsewhere') return
    const { process, api, what, node, sentAt, at } = fact
    const refusals = mapOf(this.#refusals, process)
    const key = `${api} ${what} ${node}`
    const before = refusals.get(key)
    if (before !== undefined && sentAt < before.at) return
    const isBlind = before !== undefined && !this.#hasLearnt(process, what, node, before.at, sentAt)
    const repeats = isBlind ? before.repeats + 1 : 0
    refusals.set(key, { at, repeats })
    if (repeats > REPEATS_MAX)
      throw new Violation(
        this.name,
        `${process.name} goes on sending ${api} of ${what} to node ${node}, which refuses it, and does not look`,
      )
  }

  #learn({ process, what, at, leader }: Extract<Fact, { kind: 'leaderLearnt' }>): void {
    const learnt = mapOf(this.#learnt, process)
    learnt.set(what, [...(learnt.get(what) ?? []), { at, leader }])
  }

  #hasLearnt(process: Process, what: string, node: number, after: number, before: number): boolean {
    const learnt = mapOf(this.#learnt, process)
    const ofTopic = learnt.get(what.replace(/ \d+$/, '')) ?? []
    const told = (learnt.get(what) ?? []).filter(({ leader }) => leader === undefined || leader === node)
    return [...ofTopic, ...told].some(({ at }) => at > after && at < before)
  }
}

function mapOf<V>(maps: WeakMap<Process, Map<string, V>>, process: Process): Map<string, V> {
  const map = maps.get(process) ?? new Map<string, V>()
  maps.set(process, map)
  return map
}
