import { TidemarkError } from '@tidemark/platform'
import { positive } from '../options.ts'
import type { ProducerOptions, ResolvedProducerOptions } from './types.ts'

const MIB = 1024 * 1024

/** Throws `TidemarkError` INVALID_OPTION. */
export function resolveProducerOptions(options: ProducerOptions): ResolvedProducerOptions {
  const acks = options.acks ?? 'all'
  if (!['all', 'leader', 'none'].includes(acks)) {
    throw new TidemarkError('INVALID_OPTION', `acks is ${JSON.stringify(acks)}; it is 'all', 'leader' or 'none'`)
  }
  const idempotent = options.idempotent ?? acks === 'all'
  if (idempotent && acks !== 'all') {
    throw new TidemarkError('INVALID_OPTION', `idempotent needs acks 'all', not '${acks}': the others lose records that were acknowledged`)
  }
  const lingerMs = options.lingerMs ?? 0
  if (!(lingerMs >= 0)) throw new TidemarkError('INVALID_OPTION', `lingerMs is ${lingerMs}; it must be 0 or more`)
  return {
    acks,
    idempotent,
    autoCreate: options.autoCreate ?? true,
    lingerMs,
    compression: options.compression ?? 'none',
    batchBytesMax: positive('batchBytesMax', options.batchBytesMax ?? MIB),
    recordBytesMax: positive('recordBytesMax', options.recordBytesMax ?? MIB),
    requestBytesMax: positive('requestBytesMax', options.requestBytesMax ?? 8 * MIB),
    bufferBytesMax: positive('bufferBytesMax', options.bufferBytesMax ?? 32 * MIB),
    sendsWaitingMax: positive('sendsWaitingMax', options.sendsWaitingMax ?? 100_000),
    maxBlockMs: positive('maxBlockMs', options.maxBlockMs ?? 60_000),
    topicWaitMs: positive('topicWaitMs', options.topicWaitMs ?? 5_000),
    deliveryTimeoutMs: positive('deliveryTimeoutMs', options.deliveryTimeoutMs ?? 120_000),
    ...(options.partitioner === undefined ? {} : { partitioner: options.partitioner }),
  }
}
