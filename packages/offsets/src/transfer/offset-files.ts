/**
 * Offsets in files of several tools:
 *
 * ```
 * [{"topic":"orders","partition":0,"offset":17,"leaderEpoch":0,"metadata":""}]   ours; kcl's has the first three
 * orders,0,17                                                                    Kafka's, of one group (KIP-379)
 * billing,orders,0,17                                                            Kafka's, of several groups
 * orders 0 17                                                                    rpk's, with spaces or tabs
 * ```
 */
import { describe, TidemarkError } from '@tidemark/platform'
import type { ListedPlace } from '../plan/types.ts'

export interface FiledOffset extends ListedPlace {
  /** Null: the file does not say. */
  readonly group: string | null
}

/** A file that is longer is not one of offsets. */
const BYTES_MAX = 64 * 1024 * 1024

/**
 * Throws `TidemarkError` INVALID_ARGUMENT with the line that cannot be read. `from` says in it where the text came
 * from.
 */
export function parseOffsets(text: string, from = 'the file of offsets'): readonly FiledOffset[] {
  if (text.length > BYTES_MAX) throw new TidemarkError('INVALID_ARGUMENT', `${from} is longer than ${BYTES_MAX} bytes`)
  const whole = text.replace(/^\uFEFF/, '')
  return /^\s*[[{]/.test(whole) ? parseJson(whole, from) : parseLines(whole, from)
}

/**
 * Those of one group; where the file names groups, of that one alone. Throws `TidemarkError` INVALID_ARGUMENT if it has
 * none.
 */
export function offsetsOfGroup(filed: readonly FiledOffset[], group: string, from = 'the file of offsets'): readonly ListedPlace[] {
  const own = filed.filter((it) => it.group === null || it.group === group)
  if (own.length > 0) return own.map(({ group: _, ...place }) => place)
  const groups = [...new Set(filed.map((it) => it.group))].slice(0, 5)
  const why = filed.length === 0 ? 'is empty' : `has offsets of ${groups.join(', ')}, and none of group '${group}'`
  throw new TidemarkError('INVALID_ARGUMENT', `${from} ${why}`)
}

/**
 * As Kafka's `kafka-consumer-groups.sh --export` writes it: without a header, and with the group only if there are
 * several.
 */
export function offsetsCsv(offsets: readonly (FiledOffset & { readonly offset: number })[]): string {
  const several = new Set(offsets.map(({ group }) => group)).size > 1
  const cell = (text: string | number): string => (/[",\r\n]/.test(String(text)) ? `"${String(text).replaceAll('"', '""')}"` : String(text))
  return offsets
    .map(({ group, topic, partition, offset }) => [...(several ? [group ?? ''] : []), topic, partition, offset].map(cell).join(','))
    .map((line) => `${line}\n`)
    .join('')
}

function parseJson(text: string, from: string): FiledOffset[] {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (cause) {
    if (!(cause instanceof SyntaxError)) throw cause
    throw new TidemarkError('INVALID_ARGUMENT', `${from} is not JSON: ${cause.message}`, { cause })
  }
  // What `offsets export` and `offsets show` print, or a plain list.
  const list = Array.isArray(value) ? value : (value as { offsets?: unknown } | null)?.offsets
  if (!Array.isArray(list)) throw new TidemarkError('INVALID_ARGUMENT', `${from} is ${describe(value)}; it must be an array of offsets`)
  return list.map((it: Record<string, unknown> | null, i) => {
    const { group = null, topic, partition, offset, leaderEpoch, metadata } = it ?? {}
    const isWhole = typeof topic === 'string' && isCount(partition) && isCount(offset) && (group === null || typeof group === 'string')
    if (!isWhole) throw new TidemarkError('INVALID_ARGUMENT', `entry ${i} of ${from} must have a topic, a partition and an offset`)
    return {
      group: group as string | null,
      topic,
      partition,
      offset,
      ...(typeof leaderEpoch === 'number' && { leaderEpoch }),
      ...(typeof metadata === 'string' && { metadata }),
    }
  })
}

const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0

function parseLines(text: string, from: string): FiledOffset[] {
  const filed: FiledOffset[] = []
  for (const [i, line] of text.split(/\r?\n/).entries()) {
    if (line.trim() === '' || line.startsWith('#')) continue
    const cells = line.includes(',') ? cellsOf(line) : line.trim().split(/\s+/)
    const [group, topic, partition, offset] = cells.length === 3 ? [null, ...cells] : cells
    const isWhole = cells.length >= 3 && cells.length <= 4 && isDigits(partition) && isDigits(offset)
    if (!isWhole || !topic) {
      // The first line of a file that another tool wrote may name the columns.
      if (i === 0 && /topic/i.test(line) && /offset/i.test(line)) continue
      throw new TidemarkError('INVALID_ARGUMENT', `line ${i + 1} of ${from} is ${describe(line)}; it must be topic,partition,offset`)
    }
    filed.push({ group: group ?? null, topic, partition: Number(partition), offset: Number(offset) })
  }
  return filed
}

const isDigits = (text: string | null | undefined): boolean => /^\d{1,16}$/.test(text ?? '') && Number.isSafeInteger(Number(text))

/** RFC 4180: a quoted cell may hold commas, and quotes twice. */
function cellsOf(line: string): string[] {
  return [...line.matchAll(/(?:^|,)\s*(?:"((?:[^"]|"")*)"|([^,]*))/g)].map(
    ([, quoted, plain]) => quoted?.replaceAll('""', '"') ?? plain!.trim(),
  )
}
