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
  checkFrom(from)
  if (to instanceof Date) timeOption('to', to)
  else if (typeof to === 'number') countOption('to', to, 0)
  else if (to !== undefined) wordOption('to', to, ['end'])
  if (partitions !== undefined) checkPartitions(partitions)
  const missing = isOffsetTable(from) ? partitions?.find((partition) => from[partition] === undefined) : undefined
  if (missing !== undefined)
    throw invalid('from', from, `an object that has an offset for each of 'partitions'; it has none for ${missing}`)
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
export const isOffsetTable = (from: ReadOptions['from']): from is Readonly<Record<number, number>> =>
  typeof from === 'object' && from !== null && !(from instanceof Date)

function checkFrom(from: NonNullable<ReadOptions['from']>): void {
  if (from instanceof Date) timeOption('from', from)
  else if (typeof from === 'number') countOption('from', from, 0)
  else if (!isOffsetTable(from)) wordOption('from', from, ['earliest', 'latest'])
  else {
    for (const [partition, offset] of Object.entries(from)) {
      countOption(`from (the partition '${partition}')`, Number(partition), 0, PARTITION_MAX)
      countOption(`from[${partition}]`, offset, 0)
    }
    if (Object.keys(from).length === 0)
      throw invalid('from', from, "an object of offsets by partition, 'earliest', 'latest', a Date or an offset")
  }
}

function checkPartitions(partitions: unknown): void {
  if (!Array.isArray(partitions)) throw invalid('partitions', partitions, 'an array of numbers')
  for (const [i, partition] of partitions.entries()) countOption(`partitions[${i}]`, partition, 0, PARTITION_MAX)
}

const invalid = (name: string, value: unknown, mayBe: string): TidemarkError =>
  new TidemarkError('INVALID_OPTION', `option '${name}' is ${describe(value)}; it must be ${mayBe}`)
