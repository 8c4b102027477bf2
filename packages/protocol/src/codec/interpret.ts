/**
 * The codec as closures, built once per (message, version).
 *
 * Every slot becomes a small function and a struct becomes a loop over them. No code is generated, so it also
 * runs where `new Function` is forbidden, and it is the short, obvious reading of the schema that the printed
 * codec (compile.ts) is tested against.
 */
import type { Message } from '../schema/fields.ts'
import type { UnknownTag } from '../schema/infer.ts'
import { type Layout, layout, type Slot, zero } from '../schema/layout.ts'
import { notAn, unexpectedNull, WireError } from '../wire/error.ts'
import type { Reader } from '../wire/reader.ts'
import type { Writer } from '../wire/writer.ts'

export interface Codec<Out = any, In = any> {
  encode(w: Writer, value: In): void
  /** Throws `WireError`, and nothing else, for bytes that are not such a message. */
  decode(r: Reader): Out
}

type Encode = (w: Writer, value: any) => void
type Decode = (r: Reader) => any

export function interpret(message: Message, version: number): Codec {
  const top = layout(message, version)
  return { encode: structEncoder(top), decode: structDecoder(top) }
}

// Encoding -------------------------------------------------------------------------------------------

function structEncoder(at: Layout): Encode {
  const names = at.slots.map((s) => s.name)
  const encoders = at.slots.map(slotEncoder)
  const fallbacks = at.slots.map((s) => s.fallback)
  const tags = at.tagged.map((s) => ({ name: s.name, tag: s.tag!, fallback: zero(s), encode: slotEncoder(s) }))

  return (w, value) => {
    for (let i = 0; i < names.length; i++) {
      let v = value[names[i]!]
      if (v === undefined) v = fallbacks[i]
      encoders[i]!(w, v)
    }
    if (at.flexible) encodeTags(w, value, tags)
  }
}

interface Tag {
  readonly name: string
  readonly tag: number
  readonly fallback: unknown
  readonly encode: Encode
}

/** Known and unknown tagged fields in the order of their tags, as KIP-482 asks. */
function encodeTags(w: Writer, value: any, tags: readonly Tag[]): void {
  const given = tags.filter((t) => value[t.name] !== undefined && !same(value[t.name], t.fallback))
  const unknown = unknownTagsOf(value)
  w.uvarint(given.length + unknown.length)
  let next = 0
  for (const t of given) {
    next = writeUnknownTags(w, unknown, next, t.tag)
    w.uvarint(t.tag)
    const place = w.beginSized()
    t.encode(w, value[t.name])
    w.endSized(place)
  }
  writeUnknownTags(w, unknown, next, Number.POSITIVE_INFINITY)
}

const NO_TAGS: readonly UnknownTag[] = []

export function unknownTagsOf({ unknownTags }: { unknownTags?: readonly UnknownTag[] }): readonly UnknownTag[] {
  return unknownTags === undefined ? NO_TAGS : unknownTags.toSorted((a, b) => a.tag - b.tag)
}

/** Writes those from index `next` on whose tag is below `tag`, and returns the index of the one after them. */
export function writeUnknownTags(w: Writer, unknown: readonly UnknownTag[], next: number, tag: number): number {
  for (; next < unknown.length && unknown[next]!.tag < tag; next++) {
    w.uvarint(unknown[next]!.tag)
    w.uvarint(unknown[next]!.bytes.length)
    w.raw(unknown[next]!.bytes)
  }
  return next
}

/** A tagged field that equals its default is not written. */
export function same(a: any, b: any): boolean {
  if (a === b) return true
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false
  if (Array.isArray(a) && a.length !== b.length) return false
  return Object.keys(b).every((k) => a[k] === undefined || same(a[k], b[k]))
}

function slotEncoder(s: Slot): Encode {
  switch (s.kind) {
    case 'bool':
      return (w, v) => w.bool(v)
    case 'int8':
      return (w, v) => w.int8(v)
    case 'int16':
      return (w, v) => w.int16(v)
    case 'uint16':
      return (w, v) => w.uint16(v)
    case 'int32':
      return (w, v) => w.int32(v)
    case 'int64':
      return (w, v) => w.int64(v)
    case 'offset':
      return (w, v) => w.offset(v)
    case 'float64':
      return (w, v) => w.float64(v)
    case 'uuid':
      return guard(s, (w, v) => w.uuid(v))
    case 'string':
      return guard(s, s.compact ? (w, v) => w.compactString(v) : (w, v) => w.string(v))
    case 'bytes':
      return guard(s, s.compact ? (w, v) => w.compactBytes(v) : (w, v) => w.bytes(v))
    case 'records':
      return guard(s, s.compact ? (w, v) => w.compactRecords(v) : (w, v) => w.records(v))
    case 'struct':
      return nullableStruct(s, structEncoder(s.layout!))
    case 'array':
      return guard(s, arrayEncoder(s))
  }
}

function guard(s: Slot, encode: Encode): Encode {
  return (w, v) => {
    if (v === undefined || (v === null && !s.nullable)) notGiven(s.name)
    encode(w, v)
  }
}

export function notGiven(name: string): never {
  throw new WireError(`'${name}' was not given`)
}

/** What stands for a struct that is null: Kafka writes another byte within a tagged field than elsewhere. */
export const nullOf = ({ tag }: Slot): number => (tag === undefined ? -1 : 0)

function nullableStruct(s: Slot, encode: Encode): Encode {
  if (!s.nullable) return guard(s, encode)
  return (w, v) => {
    if (v === undefined) notGiven(s.name)
    w.int8(v === null ? nullOf(s) : 1)
    if (v !== null) encode(w, v)
  }
}

function arrayEncoder(s: Slot): Encode {
  const element = slotEncoder(s.element!)
  const { compact } = s
  return (w, v) => {
    const length = v === null ? -1 : v.length
    if (compact) w.compactArrayLength(length)
    else w.arrayLength(length)
    for (let i = 0; i < length; i++) element(w, v[i])
  }
}

// Decoding -------------------------------------------------------------------------------------------

function structDecoder(at: Layout): Decode {
  const onWire = new Map(at.slots.map((s) => [s.name, slotDecoder(s)]))
  const elsewhere = new Map([...at.tagged, ...at.absent].map((s) => [s.name, () => zero(s)]))
  const names = at.names
  const decoders = names.map((name) => onWire.get(name) ?? (elsewhere.get(name) as Decode))
  const tags = new Map(at.tagged.map((s) => [s.tag!, { name: s.name, decode: slotDecoder(s) }]))

  return (r) => {
    const value: any = {}
    for (let i = 0; i < names.length; i++) value[names[i]!] = decoders[i]!(r)
    if (at.flexible) decodeTags(r, value, tags)
    return value
  }
}

function decodeTags(r: Reader, value: any, tags: Map<number, { name: string; decode: Decode }>): void {
  for (let n = r.uvarint(); n > 0; n--) {
    const tag = r.uvarint()
    const next = tagEnd(r)
    const known = tags.get(tag)
    if (known === undefined) keepTag(r, value, tag, next)
    else value[known.name] = known.decode(r)
    atTagEnd(r, tag, next)
  }
}

/** Reads the size of a tagged field and returns where it ends, which lies within the buffer. */
export function tagEnd(r: Reader): number {
  const size = r.uvarint()
  if (size > r.left) throw new WireError(`${size} bytes wanted, ${r.left} left`)
  return r.pos + size
}

export function keepTag(r: Reader, value: { unknownTags?: UnknownTag[] }, tag: number, end: number): void {
  value.unknownTags ??= []
  value.unknownTags.push({ tag, bytes: r.slice(end - r.pos) })
}

export function atTagEnd(r: Reader, tag: number, end: number): void {
  if (r.pos !== end) throw new WireError(`tagged field ${tag} does not fill its size`)
}

function slotDecoder(s: Slot): Decode {
  switch (s.kind) {
    case 'bool':
      return (r) => r.bool()
    case 'int8':
      return (r) => r.int8()
    case 'int16':
      return (r) => r.int16()
    case 'uint16':
      return (r) => r.uint16()
    case 'int32':
      return (r) => r.int32()
    case 'int64':
      return (r) => r.int64()
    case 'offset':
      return (r) => r.offset()
    case 'float64':
      return (r) => r.float64()
    case 'uuid':
      return (r) => r.uuid()
    case 'string':
      if (s.compact) return s.nullable ? (r) => r.compactNullableString() : (r) => r.compactString()
      return s.nullable ? (r) => r.nullableString() : (r) => r.string()
    case 'bytes':
    case 'records':
      if (s.compact) return s.nullable ? (r) => r.compactNullableBytes() : (r) => r.compactBytes()
      return s.nullable ? (r) => r.nullableBytes() : (r) => r.bytes()
    case 'struct': {
      const decode = structDecoder(s.layout!)
      return s.nullable ? (r) => (r.int8() <= nullOf(s) ? null : decode(r)) : decode
    }
    case 'array':
      return arrayDecoder(s)
  }
}

function arrayDecoder(s: Slot): Decode {
  const element = slotDecoder(s.element!)
  const { compact, nullable } = s
  const { bytesMin } = s.element!
  return (r) => {
    const length = compact ? r.compactArrayLength(bytesMin) : r.arrayLength(bytesMin)
    if (length === -1) return nullable ? null : unexpectedNull(s.name)
    const out: any[] = []
    for (let i = 0; i < length; i++) out.push(element(r))
    return out
  }
}

/** What printed code may call, so that both codecs share one reading of the rare cases. */
export const helpers = { notAn, notGiven, unexpectedNull, same, unknownTagsOf, writeUnknownTags, tagEnd, keepTag, atTagEnd }
