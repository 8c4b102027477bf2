/** Protobuf's files as the types of `protobufjs`, and its message by the indexes that a record names it by. */
import type { Root, Type } from 'protobufjs'
import { oneLine } from '../http.ts'
import type { SchemaText } from '../lookup.ts'
import { Undecodable } from '../problem.ts'
import { BUILT_IN } from './built-in.ts'
import { textOf } from './descriptor.ts'
import { nameInFull } from './names.ts'
import { parseable } from './reserved.ts'
import { checkSize, SchemaSize } from './size.ts'

type Protobuf = typeof import('protobufjs')

export interface ProtobufSchema {
  /** Throws `Undecodable` where there is no such message. */
  message(indexes: readonly number[]): Type
}

/** Names of fields stay as they are written. */
const PARSING = { keepCase: true }

/** Throws `Undecodable`. */
export async function protobufSchema({ text: given, references }: SchemaText): Promise<ProtobufSchema> {
  // Loaded with the first schema: programs without one do not pay for it.
  const { default: protobuf } = await import('protobufjs')
  try {
    const root = new protobuf.Root()
    const text = textOf(protobuf, given)
    const files = new Files(protobuf, root, new Map(references.map((it) => [it.name, textOf(protobuf, it.text)])))
    files.add(text)
    nameInFull(protobuf, root)
    root.resolveAll()
    // By itself: a package may go over several files, and the indexes count the messages of this one.
    const alone = protobuf.parse(parseable(text), new protobuf.Root(), PARSING)
    const messages = messagesIn(protobuf, (alone.package == null ? alone.root : alone.root.lookup(alone.package)) as Namespace)
    return { message: (indexes) => root.lookupType(nameOf(protobuf, messages, indexes)) }
  } catch (error) {
    // The library throws plain errors for whatever it finds wrong in a schema.
    if (!(error instanceof Error)) throw error
    throw error instanceof Undecodable ? error : new Undecodable(`it is not a valid Protobuf schema: ${oneLine(error.message)}`)
  }
}

/** What a file imports is added once, also where imports go in a circle. */
class Files {
  readonly #protobuf: Protobuf
  readonly #root: Root
  readonly #references: ReadonlyMap<string, string>
  readonly #added = new Set<string>()
  readonly #size = new SchemaSize()

  constructor(protobuf: Protobuf, root: Root, references: ReadonlyMap<string, string>) {
    this.#protobuf = protobuf
    this.#root = root
    this.#references = references
  }

  add(text: string): void {
    checkSize(text, this.#size)
    const { imports = [], weakImports = [] } = this.#protobuf.parse(parseable(text), this.#root, PARSING)
    for (const name of [...imports, ...weakImports]) this.#import(name)
  }

  #import(name: string): void {
    if (this.#added.has(name)) return
    this.#added.add(name)
    const text = this.#references.get(name) ?? (Object.hasOwn(BUILT_IN, name) ? BUILT_IN[name] : undefined)
    if (text !== undefined) return this.add(text)
    const common = Object.hasOwn(this.#protobuf.common, name) ? this.#protobuf.common.get(name) : null
    if (common == null) throw new Undecodable(`it imports '${oneLine(name)}', which the schema registry does not name among its references`)
    this.#root.addJSON(common.nested ?? {})
  }
}

interface Namespace {
  readonly nestedArray: readonly unknown[]
}

function messagesIn(protobuf: Protobuf, parent: Namespace): Type[] {
  return parent.nestedArray.filter((nested): nested is Type => nested instanceof protobuf.Type)
}

function nameOf(protobuf: Protobuf, messages: readonly Type[], indexes: readonly number[]): string {
  let among = messages
  let found: Type | undefined
  for (const index of indexes) {
    found = among[index]
    if (found === undefined) throw new Undecodable(`its schema has no message ${indexes.join('.')}`)
    among = messagesIn(protobuf, found)
  }
  return found!.fullName
}
