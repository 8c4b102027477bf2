/** One message at one version: the version ranges are resolved here, so that nothing later asks about versions. */
import type { Field, Fields, Kind, Message } from './fields.ts'
import { includes, range } from './versions.ts'

export interface Slot {
  readonly name: string
  readonly kind: Kind
  readonly nullable: boolean
  readonly compact: boolean
  readonly tag: number | undefined
  /** undefined: the field has no default and a writer must give it. */
  readonly fallback: unknown
  /** The fewest bytes that a value can take on the wire. */
  readonly bytesMin: number
  readonly element?: Slot
  readonly layout?: Layout
}

/** One struct at one version. `slots` are on the wire in order; `absent` are not on the wire at all. */
export interface Layout {
  readonly flexible: boolean
  readonly slots: readonly Slot[]
  readonly tagged: readonly Slot[]
  readonly absent: readonly Slot[]
  /** Every name in the order of declaration: the order of keys in a decoded object. */
  readonly names: readonly string[]
  readonly bytesMin: number
}

export function layout(message: Message, version: number): Layout {
  if (!includes(message.versions, version)) throw new RangeError(`${message.name} has no version ${version}`)
  return layoutOf(message.fields, version, version >= message.flexibleFrom)
}

function layoutOf(fields: Fields, version: number, flexible: boolean): Layout {
  const slots: Slot[] = []
  const tagged: Slot[] = []
  const absent: Slot[] = []
  for (const [name, field] of Object.entries(fields)) {
    const slot = slotOf(name, field, version, flexible)
    if (!includes(range(field.options.versions), version)) absent.push(slot)
    else if (slot.tag === undefined) slots.push(slot)
    else if (flexible) tagged.push(slot)
    else absent.push(slot)
  }
  tagged.sort((a, b) => a.tag! - b.tag!)
  const bytesMin = slots.reduce((sum, s) => sum + s.bytesMin, flexible ? 1 : 0)
  return { flexible, slots, tagged, absent, names: Object.keys(fields), bytesMin }
}

function slotOf(name: string, field: Field, version: number, flexible: boolean): Slot {
  const { options } = field
  const nullable = options.nullable !== undefined && includes(range(options.nullable), version)
  const compact = flexible && options.compact !== false
  const inner = field.fields && layoutOf(field.fields, version, flexible)
  return {
    name,
    kind: field.kind,
    nullable,
    compact,
    tag: options.tag,
    fallback: 'default' in options ? options.default : undefined,
    bytesMin: bytesMin(field.kind, nullable, compact, inner),
    ...(field.element && { element: slotOf('element', field.element, version, flexible) }),
    ...(inner && { layout: inner }),
  }
}

function bytesMin(kind: Kind, nullable: boolean, compact: boolean, inner: Layout | undefined): number {
  switch (kind) {
    case 'bool':
    case 'int8':
      return 1
    case 'int16':
    case 'uint16':
      return 2
    case 'int32':
      return 4
    case 'int64':
    case 'offset':
    case 'float64':
      return 8
    case 'uuid':
      return 16
    case 'string':
      return compact ? 1 : 2
    case 'bytes':
    case 'records':
    case 'array':
      return compact ? 1 : 4
    case 'struct':
      return nullable ? 1 : inner!.bytesMin
  }
}

/** A default is copied for every message, because a decoded message is mutable. */
function copy(value: unknown): unknown {
  if (value === null || typeof value !== 'object') return value
  if (Array.isArray(value)) return value.length === 0 ? [] : value.map(copy)
  return { ...value }
}

/** The value a reader sees for a field that the version does not carry. */
export function zero(slot: Slot): unknown {
  if (slot.fallback !== undefined) return copy(slot.fallback)
  switch (slot.kind) {
    case 'bool':
      return false
    case 'int64':
      return 0n
    case 'string':
      return ''
    case 'uuid':
      return '00000000000000000000000000000000'
    case 'bytes':
    case 'records':
      return Buffer.alloc(0)
    case 'array':
      return []
    case 'struct': {
      const at = slot.layout!
      return Object.fromEntries([...at.slots, ...at.tagged, ...at.absent].map((s) => [s.name, zero(s)]))
    }
    default:
      return 0
  }
}
