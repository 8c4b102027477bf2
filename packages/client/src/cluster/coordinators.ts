/** Which node coordinates a group: looked up once, and kept until a caller learns that it moved. */
import { type Clock, TidemarkError } from '@tidemark/platform'
import { type apis, ErrorCode, errorOf } from '@tidemark/protocol'
import type { Answer, Node } from './types.ts'

type FindCoordinator = (typeof apis)['FindCoordinator']
const GROUP = 0
/** From this version on several keys can be asked for at once, in fields of their own. */
const BATCHED_FROM = 4

export interface CoordinatorSettings {
  readonly clock: Clock
  readonly timeoutMs: number
  ask(body: (version: number) => object): Promise<Answer<FindCoordinator>>
  found(node: Omit<Node, 'rack'>): void
  /** Reports the failure and waits before the next attempt; rejects when the cluster is closed. */
  backOff(failures: number, what: string, error: TidemarkError): Promise<void>
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
    const { clock, timeoutMs, ask, found, backOff } = this.#settings
    const deadlineMs = clock.monotonic() + timeoutMs
    for (let failures = 1; ; failures++) {
      const { version, body } = await ask((v) =>
        v < BATCHED_FROM ? { key: group, keyType: GROUP } : { keyType: GROUP, coordinatorKeys: [group] },
      )
      const answer = version < BATCHED_FROM ? body : body.coordinators[0]
      const errorCode = answer?.errorCode ?? ErrorCode.UNKNOWN_SERVER_ERROR
      if (answer !== undefined && errorCode === 0) {
        found({ nodeId: answer.nodeId, host: answer.host, port: answer.port })
        this.#known.set(group, answer.nodeId)
        return answer.nodeId
      }
      const { name, retriable } = errorOf(errorCode)
      const told = answer?.errorMessage ? `: ${answer.errorMessage}` : ''
      const text =
        errorCode === ErrorCode.GROUP_AUTHORIZATION_FAILED
          ? `group '${group}' may not be used by this user: it needs at least DESCRIBE, which READ and DELETE bring`
          : `the coordinator of group '${group}' cannot be found: ${name}${told}`
      const error = new TidemarkError(name, text)
      if (!retriable || clock.monotonic() >= deadlineMs) throw error
      await backOff(failures, `finding the coordinator of group '${group}'`, error)
    }
  }
}
