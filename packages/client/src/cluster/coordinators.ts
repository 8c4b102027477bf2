/** Which node coordinates a group: asked once, kept until somebody learns that it moved. */
import { type Clock, type Random, TidemarkError } from '@tidemark/platform'
import { type apis, ErrorCode, errorOf } from '@tidemark/protocol'
import { pause } from '../connect/abortable.ts'
import { backoffMs, type RetryDelays } from '../connect/backoff.ts'
import type { Answer, Node } from './types.ts'

type FindCoordinator = (typeof apis)['FindCoordinator']
const GROUP = 0
/** From this version on several keys can be asked for at once, in fields of their own. */
const BATCHED_FROM = 4

export interface CoordinatorSettings {
  readonly clock: Clock
  readonly random: Random
  readonly delays: RetryDelays
  readonly timeoutMs: number
  ask(body: (version: number) => object): Promise<Answer<FindCoordinator>>
  found(node: Node): void
}

export class Coordinators {
  readonly #settings: CoordinatorSettings
  readonly #known = new Map<string, number>()
  readonly #asking = new Map<string, Promise<number>>()

  constructor(settings: CoordinatorSettings) {
    this.#settings = settings
  }

  get(group: string): number | Promise<number> {
    const known = this.#known.get(group)
    if (known !== undefined) return known
    let asking = this.#asking.get(group)
    if (asking === undefined) {
      asking = this.#find(group).finally(() => this.#asking.delete(group))
      this.#asking.set(group, asking)
    }
    return asking
  }

  forget(group: string): void {
    this.#known.delete(group)
  }

  async #find(group: string): Promise<number> {
    const { clock, random, delays, timeoutMs, ask, found } = this.#settings
    const deadlineMs = clock.monotonic() + timeoutMs
    for (let failures = 1; ; failures++) {
      const { version, body } = await ask((v) =>
        v < BATCHED_FROM ? { key: group, keyType: GROUP } : { keyType: GROUP, coordinatorKeys: [group] },
      )
      const answer = version < BATCHED_FROM ? body : body.coordinators[0]
      const errorCode = answer?.errorCode ?? ErrorCode.UNKNOWN_SERVER_ERROR
      if (answer !== undefined && errorCode === 0) {
        found({ nodeId: answer.nodeId, host: answer.host, port: answer.port, rack: null })
        this.#known.set(group, answer.nodeId)
        return answer.nodeId
      }
      const error = errorOf(errorCode)
      if (!error.retriable || clock.monotonic() >= deadlineMs) {
        const told = answer?.errorMessage ? `: ${answer.errorMessage}` : ''
        throw new TidemarkError(error.name, `the coordinator of group '${group}' cannot be found: ${error.name}${told}`)
      }
      await pause(clock, backoffMs(random, delays, failures), 'FindCoordinator', undefined)
    }
  }
}
