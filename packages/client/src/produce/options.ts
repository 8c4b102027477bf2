import {
  checkFunction,
  checkOptions,
  countOption,
  durationOption,
  flagOption,
  type OptionNames,
  TidemarkError,
  wordOption,
} from '@tidemark/platform'
import { COMPRESSIONS } from '@tidemark/protocol'
import type { ProducerOptions, ResolvedProducerOptions } from './types.ts'

const MIB = 1024 * 1024
/** Sizes are int32 in Kafka's protocol. */
const BYTES_MAX = 2 ** 31 - 1

const NAMES: OptionNames<ProducerOptions> = {
  acks: true,
  compression: true,
  lingerMs: true,
  batchBytesMax: true,
  recordBytesMax: true,
  requestBytesMax: true,
  bufferBytesMax: true,
  sendsWaitingMax: true,
  maxBlockMs: true,
  autoCreate: true,
  topicWaitMs: true,
  deliveryTimeoutMs: true,
  idempotent: true,
  partitioner: true,
}

/** Throws `TidemarkError` INVALID_OPTION. */
export function resolveProducerOptions(options: ProducerOptions): ResolvedProducerOptions {
  checkOptions<ProducerOptions>('createProducer()', options, NAMES)
  const acks = wordOption('acks', options.acks ?? 'all', ['all', 'leader', 'none'])
  const idempotent = flagOption('idempotent', options.idempotent ?? acks === 'all')
  if (idempotent && acks !== 'all') {
    throw new TidemarkError('INVALID_OPTION', `idempotent needs acks 'all', not '${acks}': the others lose records that were acknowledged`)
  }
  const bytes = (name: 'batchBytesMax' | 'recordBytesMax' | 'requestBytesMax', value: number): number =>
    countOption(name, options[name] ?? value, 1, BYTES_MAX)
  if (options.partitioner !== undefined) checkFunction("option 'partitioner'", options.partitioner)
  return {
    acks,
    idempotent,
    autoCreate: flagOption('autoCreate', options.autoCreate ?? true),
    lingerMs: durationOption('lingerMs', options.lingerMs ?? 0, { zero: true }),
    compression: wordOption('compression', options.compression ?? 'none', COMPRESSIONS),
    batchBytesMax: bytes('batchBytesMax', MIB),
    recordBytesMax: bytes('recordBytesMax', MIB),
    requestBytesMax: bytes('requestBytesMax', 8 * MIB),
    bufferBytesMax: countOption('bufferBytesMax', options.bufferBytesMax ?? 32 * MIB),
    sendsWaitingMax: countOption('sendsWaitingMax', options.sendsWaitingMax ?? 100_000),
    maxBlockMs: durationOption('maxBlockMs', options.maxBlockMs ?? 60_000),
    topicWaitMs: durationOption('topicWaitMs', options.topicWaitMs ?? 5_000),
    deliveryTimeoutMs: durationOption('deliveryTimeoutMs', options.deliveryTimeoutMs ?? 120_000),
    ...(options.partitioner === undefined ? {} : { partitioner: options.partitioner }),
  }
}
