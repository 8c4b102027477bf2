/**
 * Which topics a call names: one, several, or all that match a pattern; and which of several calls a topic belongs to.
 *
 * A topic that is named belongs to the call that names it; any other to the first call one of whose patterns it
 * matches. Patterns never match a topic that is internal to Kafka (`exclude.internal.topics`).
 */
import type { ReadableTopic, TopicName } from '@tidemark/client'
import { checkName, TidemarkError } from '@tidemark/platform'

/** A name, a typed topic, a regular expression for names, or several of these. */
export type TopicSelection = TopicName | RegExp | readonly (TopicName | RegExp)[]

export interface Selection {
  readonly names: readonly string[]
  readonly patterns: readonly RegExp[]
  /** How the records of a topic are read, where the caller said so. */
  readonly readable: ReadonlyMap<string, ReadableTopic>
}

/** Throws `TidemarkError` INVALID_ARGUMENT. */
export function selectionOf(given: TopicSelection): Selection {
  const all: readonly unknown[] = Array.isArray(given) ? given : [given]
  if (all.length === 0) throw new TidemarkError('INVALID_ARGUMENT', 'the topics are an empty array; name at least one')
  const names: string[] = []
  const patterns: RegExp[] = []
  const readable = new Map<string, ReadableTopic>()
  for (const one of all) {
    if (one instanceof RegExp) patterns.push(withoutMemory(one))
    else {
      const name = checkName('the topic', nameIn(one))
      if (names.includes(name)) throw new TidemarkError('INVALID_ARGUMENT', `topic '${name}' is named twice in one call`)
      names.push(name)
      if (isReadable(one)) readable.set(name, one)
    }
  }
  if (readable.size > 0 && readable.size < all.length) {
    throw new TidemarkError('INVALID_ARGUMENT', 'some of the topics are typed and some are not; name these in a call of their own')
  }
  return { names, patterns, readable }
}

const nameIn = (one: unknown): unknown => (typeof one === 'object' && one !== null && 'name' in one ? one.name : one)

function isReadable(one: unknown): one is ReadableTopic {
  const { key, value } = Object(one) as Partial<ReadableTopic>
  return typeof key?.decode === 'function' && typeof value?.decode === 'function'
}

/** A regular expression with the flag `g` or `y` remembers where it matched last. */
const withoutMemory = ({ source, flags }: RegExp): RegExp => new RegExp(source, flags.replaceAll(/[gy]/g, ''))

/** As it stands in errors: `'orders'`, `/^orders\./`. */
export const selectionText = ({ names, patterns }: Selection): string =>
  [...names.map((name) => `'${name}'`), ...patterns.map(String)].join(', ')

export interface Route<T> {
  readonly topics: Selection
  readonly target: T
}

/** From a topic to what was asked for it. */
export class Routes<T> {
  readonly #routes: readonly Route<T>[]
  readonly #named = new Map<string, T>()

  constructor(routes: readonly Route<T>[]) {
    this.#routes = routes
    for (const { topics, target } of routes) for (const name of topics.names) this.#named.set(name, target)
  }

  of(topic: string): T | undefined {
    const named = this.#named.get(topic)
    if (named !== undefined) return named
    const route = this.#routes.find(({ topics }) => topics.patterns.some((pattern) => pattern.test(topic)))
    if (route !== undefined) this.#named.set(topic, route.target)
    return route?.target
  }

  get targets(): readonly T[] {
    return this.#routes.map(({ target }) => target)
  }
}

/** From a topic to what of its work is asked for. */
export const routesTo = <W extends { readonly topics: Selection }, T>(works: readonly W[], targetOf: (work: W) => T): Routes<T> =>
  new Routes(works.map((work) => ({ topics: work.topics, target: targetOf(work) })))

/** The same as a function. */
export function lookUp<W extends { readonly topics: Selection }, T>(works: readonly W[], targetOf: (work: W) => T) {
  const routes = routesTo(works, targetOf)
  return (topic: string): T | undefined => routes.of(topic)
}

/** What is given where a topic is expected and is none. */
export function checkSelects(routes: Routes<{ readonly topics: Selection }>, topic: string): void {
  checkName('the topic', topic)
  if (routes.of(topic) !== undefined) return
  const known = routes.targets.map(({ topics }) => selectionText(topics)).join(', ')
  throw new TidemarkError('INVALID_ARGUMENT', `this consumer does not read topic '${topic}'; it reads ${known || 'none yet'}`)
}
