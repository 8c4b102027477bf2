/** What `read` was given, checked: nothing unchecked becomes a request. */
import {
  checkOptions,
  countOption,
  describe,
  flagOption,
  type OptionNames,
  TidemarkError,
  timeOption,
  wordOption,
} from '@tidemark/platform'
import { ISOLATIONS } from '../cluster/types.ts'
import type { ReadOptions } from './types.ts'

const NAMES: OptionNames<ReadOptions> = {
  from: true,
  to: true,
  partitions: true,
  isolation: true,
  signal: true,
  bufferBytesMax: true,
  checkCrc: true,
}
const PARTITION_MAX = 2 ** 31 - 1
const BUFFER_BYTES_MAX = 32 * 1024 * 1024

/** With the defaults of what has one. */
export type ResolvedReadOptions = ReadOptions & Required<Pick<ReadOptions, 'from' | 'isolation' | 'bufferBytesMax' | 'checkCrc'>>

/** Throws `TidemarkError` INVALID_OPTION. */
export function resolveReadOptions(options: ReadOptions): ResolvedReadOptions {
  checkOptions<ReadOptions>('read()', options, NAMES)
  const { from = 'earliest', to, partitions, signal } = options
  checkPlace('from', from, ['earliest', 'latest'])
  if (to !== undefined) checkPlace('to', to, ['end'])
  if (partitions !== undefined) checkPartitions(partitions)
  for (const [name, place] of [['from', from] as const, ['to', to] as const]) {
    const missing = isOffsetTable(place) ? partitions?.find((partition) => place[partition] === undefined) : undefined
    if (missing === undefined) continue
    throw invalid(name, place, `an object that has an offset for each of 'partitions'; it has none for ${missing}`)
  }
  if (signal !== undefined && !(signal instanceof AbortSignal)) throw invalid('signal', signal, 'an AbortSignal')
  return {
    ...options,
    from,
    isolation: wordOption('isolation', options.isolation ?? 'read_uncommitted', ISOLATIONS),
    bufferBytesMax: countOption('bufferBytesMax', options.bufferBytesMax ?? BUFFER_BYTES_MAX),
    checkCrc: flagOption('checkCrc', options.checkCrc ?? true),
  }
}

/** An offset for each partition that is to be read. */
export const isOffsetTable = (place: ReadOptions['from'] | ReadOptions['to']): place is Readonly<Record<number, number>> =>
  typeof place === 'object' && place !== null && !(place instanceof Date)

function checkPlace(name: string, place: NonNullable<ReadOptions['from'] | ReadOptions['to']>, words: readonly string[]): void {
  if (place instanceof Date) timeOption(name, place)
  else if (typeof place === 'number') countOption(name, place, 0)
  else if (!isOffsetTable(place)) {
    if (!words.includes(place)) throw invalid(name, place, placesOf(words))
  } else {
    for (const [partition, offset] of Object.entries(place)) {
      countOption(`${name} (the partition '${partition}')`, Number(partition), 0, PARTITION_MAX)
      countOption(`${name}[${partition}]`, offset, 0)
    }
    if (Object.keys(place).length > 0) return
    throw invalid(name, place, placesOf(words))
  }
}

const placesOf = (words: readonly string[]): string =>
  `${words.map((w) => `'${w}'`).join(', ')}, a Date, an offset, or an object of offsets by partition`

function checkPartitions(partitions: unknown): void {
  if (!Array.isArray(partitions)) throw invalid('partitions', partitions, 'an array of numbers')
  for (const [i, partition] of partitions.entries()) countOption(`partitions[${i}]`, partition, 0, PARTITION_MAX)
}

const invalid = (name: string, value: unknown, mayBe: string): TidemarkError =>
  new TidemarkError('INVALID_OPTION', `option '${name}' is ${describe(value)}; it must be ${mayBe}`)
