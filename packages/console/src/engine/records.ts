/** Records of a topic, a page at a time, and as they come. */
import { type CallLimits, createAdmin, type Kafka, type ReceivedMessage, read, TidemarkError } from '@tidemark/client'
import { type DecodedPart, type DecodedRecord, peek, type SchemaRegistry } from '@tidemark/offsets'
import type { PeekWish, RecordsWish } from '../data.ts'
import type { PeekedRecordView, RecordsPage, ShownBytes, ShownRecord } from '../shapes.ts'

/** Of a key or value that is shown; a filter sees all of it. */
const SHOWN_CHARACTERS = 16_384
/** Of a page: what would be longer goes on at the next one. */
const PAGE_CHARACTERS = 8 * 1024 * 1024
/** Records that one request with a filter looks at. */
const EXAMINED_MAX = 50_000
const BUFFER_BYTES = 4 * 1024 * 1024

export async function recordsOf(
  kafka: Kafka,
  registry: SchemaRegistry | undefined,
  topic: string,
  wish: RecordsWish,
  limits: CallLimits,
): Promise<RecordsPage> {
  const bounds = await boundsOf(kafka, topic, wish, limits)
  const from = Object.fromEntries(bounds.map((b) => [b.partition, b.from]))
  const to = Object.fromEntries(bounds.map((b) => [b.partition, b.to]))
  const next: Record<number, number> = { ...from }
  const records: ShownRecord[] = []
  let examined = 0
  let characters = 0
  const isFull = (): boolean => records.length >= limit || examined >= EXAMINED_MAX || characters >= PAGE_CHARACTERS
  const { filter = '', limit } = wish
  if (bounds.length > 0) {
    await using reading = read(kafka, topic, {
      from,
      to,
      ...(limits.signal !== undefined && { signal: limits.signal }),
      bufferBytesMax: BUFFER_BYTES,
    })
    for await (const message of reading) {
      next[message.partition] = message.offset + 1
      examined++
      const decoded = await registry?.decode(message, { signal: limits.signal })
      if (matches(message, decoded, filter)) {
        const shown = shownRecord(message, decoded)
        records.push(shown)
        characters += charactersOf(shown)
      }
      if (isFull()) break
    }
    if (!isFull()) Object.assign(next, to)
  }
  const isAtEnd = bounds.every((b) => next[b.partition]! >= b.to)
  // Those of several partitions come as they are fetched.
  records.sort((a, b) => a.timestampMs - b.timestampMs || a.partition - b.partition || a.offset - b.offset)
  return { records, next: isAtEnd ? null : next, examined }
}

export async function* tailOf(
  kafka: Kafka,
  registry: SchemaRegistry | undefined,
  topic: string,
  { partition, filter = '' }: { readonly partition?: number; readonly filter?: string },
  signal: AbortSignal,
): AsyncIterable<ShownRecord> {
  const only = partition === undefined ? {} : { partitions: [partition] }
  try {
    for await (const message of read(kafka, topic, { from: 'latest', ...only, signal, bufferBytesMax: BUFFER_BYTES })) {
      const decoded = await registry?.decode(message, { signal })
      if (matches(message, decoded, filter)) yield shownRecord(message, decoded)
    }
  } catch (error) {
    // The viewer has gone: this is how a reading ends that has no end.
    if (!(error instanceof TidemarkError && error.code === 'ABORTED')) throw error
  }
}

export async function peekedRecords(
  kafka: Kafka,
  registry: SchemaRegistry | undefined,
  group: string,
  wish: PeekWish,
  limits: CallLimits,
): Promise<readonly PeekedRecordView[]> {
  const { topic, partition, around } = wish
  const records = await peek(kafka, group, {
    topic,
    partition,
    before: around,
    after: around,
    ...limits,
    ...(registry !== undefined && { registry }),
  })
  return records.map((record) => ({ ...shownRecord(record, record.decoded), place: record.place }))
}

/** Without partitions that have nothing to read. */
async function boundsOf(kafka: Kafka, topic: string, { partition, from, limit }: RecordsWish, limits: CallLimits) {
  const { topics } = createAdmin(kafka)
  const only = partition === undefined ? limits : { ...limits, partitions: [partition] }
  const [starts, ends] = await Promise.all([topics.offsets(topic, 'earliest', only), topics.offsets(topic, 'latest', only)])
  const timed = typeof from === 'object' && 'atMs' in from ? await topics.offsets(topic, new Date(from.atMs), only) : undefined
  const share = Math.ceil(limit / Math.max(1, starts.length))
  return starts
    .map(({ partition, offset: start }, i) => {
      const end = ends[i]!.offset
      const begin = ((): number => {
        if (from === 'start') return start
        if (from === 'end') return end - share
        if ('offset' in from) return from.offset
        if ('offsets' in from) return from.offsets[partition] ?? end
        return timed![i]!.offset
      })()
      return { partition, from: Math.max(start, begin), to: end as number }
    })
    .filter((b) => b.from < b.to)
}

/** By key, value or a header, as text and as what was decoded, whatever the case. */
function matches({ key, value, headers }: ReceivedMessage, decoded: DecodedRecord | undefined, filter: string): boolean {
  if (filter === '') return true
  const wanted = filter.toLowerCase()
  const has = (bytes: Uint8Array | null): boolean => bytes !== null && Buffer.from(bytes).toString('utf8').toLowerCase().includes(wanted)
  const hasDecoded = (part: DecodedPart | undefined): boolean =>
    part?.kind === 'decoded' && JSON.stringify(part.data).toLowerCase().includes(wanted)
  return (
    has(key) ||
    has(value) ||
    hasDecoded(decoded?.key) ||
    hasDecoded(decoded?.value) ||
    headers.some((h) => h.key.toLowerCase().includes(wanted) || has(h.value))
  )
}

type Shown = Pick<ReceivedMessage, 'topic' | 'partition' | 'timestampMs' | 'key' | 'value' | 'headers'> & { readonly offset: number }

const shownRecord = ({ topic, partition, offset, timestampMs, key, value, headers }: Shown, decoded: DecodedRecord = {}): ShownRecord => ({
  topic,
  partition,
  offset,
  timestampMs,
  key: shownPart(key, decoded.key),
  value: shownPart(value, decoded.value),
  headers: headers.map((h) => ({ key: h.key, value: shownBytes(h.value) })),
})

const charactersOf = ({ key, value, headers }: ShownRecord): number =>
  [key, value, ...headers.map((it) => it.value)].reduce((sum, it) => sum + (it?.text.length ?? 0), 0)

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

function shownPart(bytes: Uint8Array | null, part: DecodedPart | undefined): ShownBytes | null {
  const shown = shownBytes(bytes)
  if (shown === null || part === undefined) return shown
  if (part.kind === 'undecoded') return { ...shown, schema: { id: part.schemaId, problem: part.problem } }
  const text = beginningOf(JSON.stringify(part.data))
  return { text, encoding: 'json', bytes: shown.bytes, schema: { id: part.schemaId, type: part.schemaType, name: part.name } }
}

function shownBytes(bytes: Uint8Array | null): ShownBytes | null {
  if (bytes === null) return null
  try {
    const text = utf8.decode(bytes)
    return { text: beginningOf(text), encoding: isJson(text) ? 'json' : 'text', bytes: bytes.length }
  } catch (error) {
    if (!(error instanceof TypeError)) throw error // what TextDecoder throws for bytes that are not UTF-8
    return { text: beginningOf(Buffer.from(bytes).toString('base64')), encoding: 'base64', bytes: bytes.length }
  }
}

/** Copied: a part of a text holds the whole of it in memory, and a page has hundreds of records. */
const beginningOf = (text: string): string =>
  text.length <= SHOWN_CHARACTERS ? text : Buffer.from(text.slice(0, SHOWN_CHARACTERS), 'utf16le').toString('utf16le')

function isJson(text: string): boolean {
  if (!/^\s*[[{]/.test(text)) return false
  try {
    JSON.parse(text)
    return true
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error // what JSON.parse throws for text that is not JSON
    return false
  }
}
