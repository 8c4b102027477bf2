/**
 * Records as lines of JSON, without loss in both directions: bytes are text where they are UTF-8, else
 * `{ "base64": "…" }`. What `printed` writes, `parsed` reads.
 */
import type { Message, OutgoingMessage } from '@tidemark/client'
import { textOrBase64 } from '@tidemark/client/internal'
import type { DecodedRecord } from '@tidemark/offsets'
import { checkPartition, describe, nearest, TidemarkError } from '@tidemark/platform'

/** One line, without its newline. The bytes stand there too where something was decoded: what is read back is they. */
export function printed(message: Message, decoded?: DecodedRecord): string {
  const { topic, partition, offset, timestampMs, key, value, headers, leaderEpoch } = message
  return JSON.stringify({
    topic,
    partition,
    offset,
    timestampMs,
    key: key && textOrBase64(key),
    value: value && textOrBase64(value),
    headers: headers.map((h) => ({ key: h.key, value: h.value && textOrBase64(h.value) })),
    leaderEpoch,
    decoded,
  })
}

type Outgoing = OutgoingMessage<Buffer | null, Buffer | null>
type Json = Readonly<Record<string, unknown>>

const FIELDS = ['key', 'value', 'headers', 'partition', 'timestampMs']
/** Where a record came from, and what a schema registry made of it: it is written elsewhere, and its bytes are. */
const IGNORED = ['topic', 'offset', 'leaderEpoch', 'decoded']
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** `line` is its number. Throws `TidemarkError` INVALID_MESSAGE or INVALID_ARGUMENT, which names the line. */
export function parsed(bytes: Uint8Array, line: number): Outgoing {
  const text = textOf(bytes, line)
  const record = objectOf(text, line)
  for (const field of Object.keys(record)) if (!FIELDS.includes(field) && !IGNORED.includes(field)) throw unknownField(field, line)
  if (!('value' in record)) throw invalid(line, `has no "value"; it may be null`)
  const { headers, partition, timestampMs } = record
  const exact = hasNumbersInside(record) ? objectOf(text, line, keepNumbers) : record
  return {
    value: bytesOf(exact.value, 'value', line),
    ...(record.key !== undefined && { key: bytesOf(exact.key, 'key', line) }),
    ...(headers !== undefined && { headers: headersOf(headers, line) }),
    ...(partition !== undefined && { partition: checkPartition(`the partition of line ${line}`, partition) }),
    // -1: the record had no time; it gets the time of its writing.
    ...(timestampMs !== undefined && timestampMs !== -1 && { timestampMs: timeOf(timestampMs, line) }),
  }
}

const invalid = (line: number, text: string): TidemarkError => new TidemarkError('INVALID_MESSAGE', `line ${line} ${text}`)

function textOf(bytes: Uint8Array, line: number): string {
  try {
    return utf8.decode(bytes)
  } catch (error) {
    if (!(error instanceof TypeError)) throw error // what TextDecoder throws for bytes that are not UTF-8
    throw invalid(line, 'is not UTF-8 text')
  }
}

function objectOf(text: string, line: number, reviver?: Reviver): Json {
  let value: unknown
  try {
    value = JSON.parse(text, reviver as Parameters<typeof JSON.parse>[1])
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error
    throw invalid(line, `is not JSON: ${error.message}`)
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Json
  throw invalid(line, `is not an object such as {"key":"a","value":"b"}`)
}

type Reviver = (key: string, value: unknown, context: { readonly source?: string }) => unknown

/** Numbers keep their digits: 12345678901234567890 would be rounded, and 1.0 would become 1. */
const keepNumbers: Reviver = (_, value, { source }) =>
  typeof value === 'number' && source !== undefined ? (JSON as unknown as { rawJSON(text: string): unknown }).rawJSON(source) : value

const hasNumbersInside = ({ key, value }: Json): boolean =>
  [key, value].some((v) => typeof v === 'number' || (typeof v === 'object' && v !== null))

function unknownField(field: string, line: number): TidemarkError {
  const near = nearest(field, FIELDS)
  return invalid(
    line,
    `has an unknown field "${field}"; ${near === undefined ? `a record has ${FIELDS.join(', ')}` : `did you mean "${near}"?`}`,
  )
}

/** Text, null, `{ "base64": … }`; any other value is written as the JSON that it is. */
function bytesOf(value: unknown, field: string, line: number): Buffer | null {
  if (value === null) return null
  if (typeof value === 'string') {
    if (value.isWellFormed()) return Buffer.from(value)
    throw invalid(line, `has a "${field}" that cannot be written as UTF-8: half of a surrogate pair`)
  }
  const base64 = base64Of(value)
  return base64 === undefined ? Buffer.from(JSON.stringify(value)) : decoded(base64, field, line)
}

function base64Of(value: unknown): unknown {
  const isWrapper = typeof value === 'object' && value !== null && Object.keys(value).length === 1 && 'base64' in value
  return isWrapper ? value.base64 : undefined
}

function decoded(base64: unknown, field: string, line: number): Buffer {
  const bytes = typeof base64 === 'string' ? Buffer.from(base64, 'base64') : undefined
  if (bytes?.toString('base64') === base64) return bytes!
  throw invalid(line, `has a "${field}" whose base64 is not valid`)
}

function headersOf(headers: unknown, line: number): { key: string; value: Buffer | null }[] {
  if (typeof headers !== 'object' || headers === null) {
    throw invalid(line, `has headers that are ${describe(headers)}; they must be {"name":"value"} or [{"key":"name","value":"value"}]`)
  }
  const pairs = Array.isArray(headers) ? headers.map((header) => pairOf(header, line)) : Object.entries(headers)
  return pairs.map(([key, value]) => ({ key, value: bytesOf(value, `header ${key}`, line) }))
}

function pairOf(header: unknown, line: number): [string, unknown] {
  if (typeof header === 'object' && header !== null && !Array.isArray(header)) {
    const { key, value, ...rest } = header as Json
    if (typeof key === 'string' && value !== undefined && Object.keys(rest).length === 0) return [key, value]
  }
  throw invalid(line, `has a header that is not {"key":"name","value":"value"}`)
}

function timeOf(timestampMs: unknown, line: number): number {
  if (typeof timestampMs === 'number' && Number.isSafeInteger(timestampMs) && timestampMs >= 0) return timestampMs
  throw invalid(line, `has a timestampMs of ${describe(timestampMs)}; it must be whole milliseconds since 1970`)
}
