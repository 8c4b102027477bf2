/**
 * Tells topics of one name apart: a topic that was deleted and created again is spelled `work~2`. Ids as the wire has
 * them.
 */
import { uuidFromText, uuidToText, ZERO_UUID } from '@tidemark/protocol'

export class TopicNames {
  readonly #byId = new Map<string, string>()
  readonly #counts = new Map<string, number>()
  readonly #createdAgainMs = new Map<string, number>()
  readonly #current = new Map<string, string>()

  /** The broker decided to create a topic. */
  created(name: string, id: string, nowMs: number): void {
    if (this.#byId.has(id)) return
    const count = (this.#counts.get(name) ?? 0) + 1
    this.#counts.set(name, count)
    const spelled = count === 1 ? name : `${name}~${count}`
    this.#byId.set(id, spelled)
    this.#current.set(name, spelled)
    if (count > 1) this.#createdAgainMs.set(name, nowMs)
  }

  /** How long ago the topic was created, if another one had its name before. */
  ageMs(name: string, nowMs: number): number {
    return nowMs - (this.#createdAgainMs.get(name) ?? Number.NEGATIVE_INFINITY)
  }

  /** How the topic is spelled that has this name now. */
  named(name: string): string {
    return this.#current.get(name) ?? name
  }

  /** By the id if there is one, else by the name. */
  of(name: string | null, id: string | undefined): string {
    if (id === undefined || id === ZERO_UUID) return this.named(name ?? '')
    return this.#byId.get(id) ?? this.named(name ?? uuidToText(id))
  }

  /** `<topic id>-<partition>-<offset>`, as a handler's context has it. */
  ofContext(contextId: string, name: string): string {
    return this.of(name, uuidFromText(contextId.slice(0, 22)))
  }
}
