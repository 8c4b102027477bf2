/** Schemas by id, with all that they refer to: asked for once, kept, and bounded. */
import type { Clock } from '@tidemark/platform'
import { oneLine, RegistryClient, RegistryUnavailable } from './http.ts'
import type { ResolvedRegistry } from './options.ts'
import { Undecodable } from './problem.ts'

export interface SchemaText {
  /** AVRO, PROTOBUF, JSON, or what else a registry knows. */
  readonly type: string
  readonly text: string
  /**
   * Each before those that refer to it, where they do not refer to each other in a circle. `name`: of a file or a
   * type.
   */
  readonly references: readonly { readonly name: string; readonly text: string }[]
}

const KEPT_MAX = 200
const REFERENCES_MAX = 100
const TEXT_MAX = 4 * 1024 * 1024
const NESTING_MAX = 30
/** After this long a schema that could not be read is asked for again. */
const FAILURE_KEPT_MS = 10_000
/** For so long after a registry could not be used, nothing is asked of it: records wait for none of its time-outs. */
const PAUSE_MS = 5_000

interface Entry<T> {
  readonly found: Promise<T>
  /** On the monotonic clock; undefined: for ever, a schema never changes. */
  expiresAtMs: number | undefined
}

/** `make` turns a schema into a decoder, once. */
export class SchemaLookup<T> {
  readonly #client: RegistryClient
  readonly #timeoutMs: number
  readonly #clock: Clock
  readonly #make: (schema: SchemaText) => Promise<T>
  readonly #entries = new Map<number | string, Entry<T>>()
  #pause: { readonly error: RegistryUnavailable; readonly untilMs: number } | undefined

  constructor(registry: ResolvedRegistry, clock: Clock, make: (schema: SchemaText) => Promise<T>) {
    this.#client = new RegistryClient(registry)
    this.#timeoutMs = registry.timeoutMs
    this.#clock = clock
    this.#make = make
  }

  /** Rejects with `Undecodable`. */
  get(id: number | string): Promise<T> {
    const known = this.#entries.get(id)
    if (known !== undefined && (known.expiresAtMs === undefined || this.#clock.monotonic() < known.expiresAtMs)) {
      // The last used are last: the first go.
      this.#entries.delete(id)
      this.#entries.set(id, known)
      return known.found
    }
    const entry: Entry<T> = { found: this.#ask(id), expiresAtMs: undefined }
    this.#entries.set(id, entry)
    entry.found.catch((error: unknown) => {
      if (error instanceof RegistryUnavailable) this.#entries.delete(id)
      else entry.expiresAtMs = this.#clock.monotonic() + FAILURE_KEPT_MS
    })
    if (this.#entries.size > KEPT_MAX) this.#entries.delete(this.#entries.keys().next().value!)
    return entry.found
  }

  async #ask(id: number | string): Promise<T> {
    const path = typeof id === 'number' ? `schemas/ids/${id}` : `schemas/guids/${id}`
    // One for all that it refers to.
    const deadline = AbortSignal.timeout(this.#timeoutMs)
    return await this.#make(await this.#withReferences(await this.#get(path, deadline), deadline))
  }

  async #get(path: string, deadline: AbortSignal): Promise<OneSchema> {
    if (this.#pause !== undefined && this.#clock.monotonic() < this.#pause.untilMs) throw this.#pause.error
    try {
      return schemaOf(await this.#client.getJson(path, deadline))
    } catch (error) {
      if (error instanceof RegistryUnavailable) this.#pause = { error, untilMs: this.#clock.monotonic() + PAUSE_MS }
      throw error
    }
  }

  async #withReferences({ type, text, references }: OneSchema, deadline: AbortSignal): Promise<SchemaText> {
    const found: { name: string; text: string }[] = []
    const seen = new Set<string>()
    let length = text.length
    const follow = async (wanted: readonly Reference[], depth: number): Promise<void> => {
      if (depth > NESTING_MAX) throw new Undecodable(`it refers to schemas that refer to others, more than ${NESTING_MAX} deep`)
      for (const { name, subject, version } of wanted) {
        const path = `subjects/${encodeURIComponent(subject)}/versions/${version}?deleted=true`
        // The same file may be known by two names to those that import it.
        const key = `${name} ${path}`
        if (seen.has(key)) continue
        seen.add(key)
        if (seen.size > REFERENCES_MAX) throw new Undecodable(`it refers to more than ${REFERENCES_MAX} schemas`)
        const schema = await this.#get(path, deadline)
        length += schema.text.length
        if (length > TEXT_MAX) throw new Undecodable(`it and the schemas that it refers to have more than ${TEXT_MAX} characters`)
        await follow(schema.references, depth + 1)
        found.push({ name, text: schema.text })
      }
    }
    await follow(references, 0)
    return { type, text, references: found }
  }
}

interface Reference {
  readonly name: string
  readonly subject: string
  readonly version: number
}

interface OneSchema {
  readonly type: string
  readonly text: string
  readonly references: readonly Reference[]
}

/** A registry leaves `schemaType` out where it is Avro. */
function schemaOf({ schema, schemaType = 'AVRO', references = [] }: Readonly<Record<string, unknown>>): OneSchema {
  if (typeof schema !== 'string' || typeof schemaType !== 'string') throw new Undecodable('the answer of the schema registry has no schema')
  if (!Array.isArray(references)) throw new Undecodable('the answer of the schema registry has references that are not a list')
  return { type: oneLine(schemaType), text: schema, references: references.map(referenceOf) }
}

function referenceOf(given: unknown): Reference {
  const { name, subject, version } = (given ?? {}) as Partial<Reference>
  if (typeof name !== 'string' || typeof subject !== 'string' || subject === '' || !Number.isSafeInteger(version)) {
    throw new Undecodable('the answer of the schema registry has a reference without a name, a subject or a version')
  }
  return { name, subject, version: version! }
}
