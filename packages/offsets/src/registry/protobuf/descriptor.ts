/**
 * Protobuf's own binary form of a file, a `FileDescriptorProto` in base64, as the text that it was made of.
 * Confluent's serializers for Python and .NET register schemas so; Confluent's registry answers them with text, others
 * with what they were given. What values need is written, and what only programs need is left out: services, options,
 * ranges, defaults.
 *
 * Entries of maps are written as messages too: these serializers count them where they name a message by its index.
 */
import type { Type } from 'protobufjs'
import { ByteReader } from '../byte-reader.ts'
import { Undecodable } from '../problem.ts'
import { readProtobuf } from './read.ts'

type Protobuf = typeof import('protobufjs')

/** The part of Protobuf's `descriptor.proto` that values need. */
const DESCRIPTOR = `syntax = "proto3";
message File {
  string package = 2; repeated string dependency = 3; repeated Message message = 4; repeated Enum enum = 5; repeated Field extension = 7;
  string syntax = 12; optional int32 edition = 14;
}
message Message {
  string name = 1; repeated Field field = 2; repeated Message nested = 3; repeated Enum enum = 4; repeated Field extension = 6;
  optional Options options = 7; repeated Oneof oneof = 8;
}
message Options { bool map_entry = 7; }
message Oneof { string name = 1; }
message Field {
  string name = 1; string extendee = 2; int32 number = 3; int32 label = 4; int32 type = 5; string type_name = 6;
  optional int32 oneof_index = 9; bool proto3_optional = 17;
}
message Enum { string name = 1; repeated Value value = 2; }
message Value { string name = 1; int32 number = 2; }`

interface FileShape {
  readonly package: string
  readonly dependency: readonly string[]
  readonly message: readonly MessageShape[]
  readonly enum: readonly EnumShape[]
  readonly extension: readonly FieldShape[]
  readonly syntax: string
  readonly edition?: number
}

interface MessageShape {
  readonly name: string
  readonly field: readonly FieldShape[]
  readonly nested: readonly MessageShape[]
  readonly enum: readonly EnumShape[]
  readonly extension: readonly FieldShape[]
  readonly options?: { readonly map_entry: boolean }
  readonly oneof: readonly { readonly name: string }[]
}

interface FieldShape {
  readonly name: string
  readonly extendee: string
  readonly number: number
  readonly label: number
  readonly type: number
  readonly type_name: string
  readonly oneof_index?: number
  readonly proto3_optional: boolean
}

interface EnumShape {
  readonly name: string
  readonly value: readonly { readonly name: string; readonly number: number }[]
}

const SCALARS = [
  ['double', 'float', 'int64', 'uint64', 'int32', 'fixed64', 'fixed32', 'bool', 'string'],
  ['bytes', 'uint32', undefined, 'sfixed32', 'sfixed64', 'sint32', 'sint64'],
] as const
/** `FieldDescriptorProto.Type`: 1 to 9, and 12 to 18; 10 is a group, 11 a message, 14 an enum. */
const scalarOf = (type: number): string | undefined => (type < 10 ? SCALARS[0][type - 1] : SCALARS[1][type - 12])
const GROUP = 10
const LABELS: Readonly<Record<number, string>> = { 1: 'optional ', 2: 'required ', 3: 'repeated ' }
const REPEATED = 3

/** Base64 alone: a file of text has a semicolon, a quote or a brace. */
const BASE64 = /^[A-Za-z\d+/\s]+=*\s*$/

/** Text as it is; a descriptor as text. Throws `Undecodable`. */
export function textOf(protobuf: Protobuf, text: string): string {
  if (!BASE64.test(text)) return text
  const { root } = protobuf.parse(DESCRIPTOR, new protobuf.Root(), { keepCase: true })
  root.resolveAll()
  const file = readProtobuf(root.lookupType('File') as Type, new ByteReader(Buffer.from(text, 'base64'))) as FileShape
  if (file.edition !== undefined) throw new Undecodable('its descriptor is of an edition: only proto2 and proto3 can be read')
  const isProto3 = file.syntax === 'proto3'
  return [
    `syntax = "${isProto3 ? 'proto3' : 'proto2'}";`,
    ...(file.package === '' ? [] : [`package ${named(file.package)};`]),
    ...file.dependency.map((name) => `import "${pathed(name)}";`),
    ...file.message.map((it) => messageText(it, isProto3)),
    ...file.enum.map(enumText),
    ...file.extension.map((it) => extensionText(it, isProto3)),
  ].join('\n')
}

function messageText(message: MessageShape, isProto3: boolean): string {
  const entries = new Map(message.nested.filter(({ options }) => options?.map_entry).map((it) => [it.name, it]))
  const ofOneof = ({ oneof_index: index, proto3_optional: isAlone }: FieldShape): number | undefined => (isAlone ? undefined : index)
  const byOneof = Map.groupBy(message.field, ofOneof)
  // A oneof stands where its first field does.
  const fields = message.field.map((field) => {
    const index = ofOneof(field)
    if (index === undefined) return fieldText(field, isProto3, entries)
    const all = byOneof.get(index)!
    if (all[0] !== field) return ''
    return `oneof ${named(message.oneof[index]?.name ?? '')} {\n${all.map((it) => `${typeOf(it)} ${rest(it)}`).join('\n')}\n}`
  })
  return [
    `message ${named(message.name)} {`,
    ...message.nested.map((it) => messageText(it, isProto3)),
    ...message.enum.map(enumText),
    ...fields,
    ...message.extension.map((it) => extensionText(it, isProto3)),
    '}',
  ].join('\n')
}

function fieldText(field: FieldShape, isProto3: boolean, entries: ReadonlyMap<string, MessageShape>): string {
  const entry = field.label === REPEATED ? entries.get(field.type_name.slice(field.type_name.lastIndexOf('.') + 1)) : undefined
  const [key, value] = [entry?.field.find(({ number }) => number === 1), entry?.field.find(({ number }) => number === 2)]
  if (key !== undefined && value !== undefined) return `map<${typeOf(key)}, ${typeOf(value)}> ${rest(field)}`
  const isImplicit = isProto3 && field.label !== REPEATED && !field.proto3_optional
  return `${isImplicit ? '' : (LABELS[field.label] ?? '')}${typeOf(field)} ${rest(field)}`
}

const extensionText = (field: FieldShape, isProto3: boolean): string =>
  `extend ${named(field.extendee)} {\n${fieldText(field, isProto3, new Map())}\n}`

const rest = ({ name, number }: FieldShape): string => `${named(name)} = ${number};`

function typeOf({ name, type, type_name: typeName }: FieldShape): string {
  if (type === GROUP) throw new Undecodable(`its descriptor has a group, '${named(name)}', which cannot be read`)
  return typeName === '' ? (scalarOf(type) ?? named('')) : named(typeName)
}

const enumText = ({ name, value }: EnumShape): string =>
  [`enum ${named(name)} {`, 'option allow_alias = true;', ...value.map((it) => `${named(it.name)} = ${it.number};`), '}'].join('\n')

/** What is written into text is a name, and nothing else. */
function named(name: string): string {
  if (!/^\.?[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*$/.test(name)) throw new Undecodable('its descriptor has a name that is not one')
  return name
}

function pathed(name: string): string {
  if (!/^[\w./+ -]+$/.test(name)) throw new Undecodable('its descriptor imports a file by a name that is not one')
  return name
}
