/** Random values of a message at a version, made from its declaration (fast-check). */
import fc from 'fast-check'
import type { Message } from '../schema/fields.ts'
import { type Layout, layout, type Slot } from '../schema/layout.ts'

export function arbitraryOf(message: Message, version: number): fc.Arbitrary<Record<string, unknown>> {
  return structOf(layout(message, version))
}

function structOf(at: Layout): fc.Arbitrary<Record<string, unknown>> {
  const fields = Object.fromEntries([...at.slots, ...at.tagged].map((s) => [s.name, slotValueOf(s)]))
  if (!at.flexible) return fc.record(fields)
  // Tags far above any that Kafka uses: what a later version may send us.
  const unknown = fc.uniqueArray(fc.record({ tag: fc.integer({ min: 1000, max: 2000 }), bytes: buffer() }), {
    maxLength: 2,
    selector: (t) => t.tag,
  })
  return fc
    .tuple(fc.record(fields), fc.option(unknown, { freq: 6, nil: [] }))
    .map(([value, tags]) => (tags.length === 0 ? value : { ...value, unknownTags: [...tags].sort((a, b) => a.tag - b.tag) }))
}

const buffer = (): fc.Arbitrary<Buffer> => fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes))

/** Any but a lone surrogate: the unit 'binary' of fast-check's strings, without its map of a million characters. */
const character = fc.oneof(fc.integer({ min: 0, max: 0xd7ff }), fc.integer({ min: 0xe000, max: 0x10ffff }))
const wild = fc.array(character, { maxLength: 60 }).map((characters) => String.fromCodePoint(...characters))
/** One for all fields: fast-check prepares each string that is made with a thousand others. */
const text = fc.oneof(fc.string({ maxLength: 12 }), wild)

function slotValueOf(s: Slot): fc.Arbitrary<unknown> {
  const value = bareValueOf(s)
  return s.nullable ? fc.option(value, { nil: null, freq: 4 }) : value
}

function bareValueOf(s: Slot): fc.Arbitrary<unknown> {
  switch (s.kind) {
    case 'bool':
      return fc.boolean()
    case 'int8':
      return fc.integer({ min: -128, max: 127 })
    case 'int16':
      return fc.integer({ min: -32768, max: 32767 })
    case 'uint16':
      return fc.integer({ min: 0, max: 65535 })
    case 'int32':
      return fc.integer()
    case 'int64':
      return fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n })
    case 'offset':
      return fc.maxSafeInteger()
    case 'float64':
      return fc.double({ noNaN: true })
    case 'uuid':
      return fc.uint8Array({ minLength: 16, maxLength: 16 }).map((bytes) => Buffer.from(bytes).toString('hex'))
    case 'string':
      return text
    case 'bytes':
    case 'records':
      return buffer()
    case 'array':
      return fc.array(slotValueOf(s.element!), { maxLength: 3 })
    case 'struct':
      return structOf(s.layout!)
  }
}
