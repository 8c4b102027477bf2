import { describe, expect, it } from 'vitest'
import { createKafka } from '../kafka.ts'
import { createProducer } from './producer.ts'

const kafka = createKafka({ brokers: ['a:1'] })
const refusal = (call: () => unknown): string => {
  try {
    call()
  } catch (error) {
    return `${(error as { code: string }).code}: ${(error as Error).message}`
  }
  return 'accepted'
}

describe('options that are not understood are refused, with what they may be', () => {
  it.each<[string, any, string]>([
    ['text for brokers', { brokers: 'localhost:9092' }, "it must be an array: ['localhost:9092']"],
    ['a list of brokers as text', { brokers: 'a:1, b:2' }, "it must be an array: ['a:1', 'b:2']"],
    ['no brokers', {}, "option 'brokers' is undefined"],
    ['a broker that is not text', { brokers: [9092] }, '9092 is not a broker address'],
    ['ssl', { brokers: ['a:1'], ssl: true }, "unknown option 'ssl'"],
    ['retries', { brokers: ['a:1'], retries: 3 }, "did you mean 'retry'?"],
    ['requestTimeout', { brokers: ['a:1'], requestTimeout: 3 }, "did you mean 'requestTimeoutMs'?"],
    ['a nested name', { brokers: ['a:1'], retry: { delay: 5 } }, "unknown option 'delay' of option 'retry'; did you mean 'delayMs'?"],
    ['a nested null', { brokers: ['a:1'], retry: null }, 'takes an object of options, not null'],
    ['NaN', { brokers: ['a:1'], requestTimeoutMs: Number.NaN }, "option 'requestTimeoutMs' is NaN"],
    ['text for a number', { brokers: ['a:1'], requestTimeoutMs: '30s' }, `option 'requestTimeoutMs' is "30s"`],
    ['a float', { brokers: ['a:1'], requestsPendingMax: 1.5 }, "option 'requestsPendingMax' is 1.5; it must be a whole number"],
    ['too many in flight', { brokers: ['a:1'], requestsInFlightMax: 6 }, 'it must be a whole number from 1 to 5'],
    ['a logger without its methods', { brokers: ['a:1'], logger: { info() {} } }, "option 'logger' has no debug, warn, error"],
    ['an empty client id', { brokers: ['a:1'], clientId: '' }, "option 'clientId'"],
    ['null', null, 'createKafka() takes an object of options, not null'],
  ])('createKafka: %s', (_what, options, text) => {
    const told = refusal(() => createKafka(options))
    expect(told).toMatch(/^INVALID_(OPTION|ADDRESS): /)
    expect(told).toContain(text)
  })

  it.each<[string, any, string]>([
    ['a codec in capitals', { compression: 'GZIP' }, "did you mean 'gzip'?"],
    ['acks as a number', { acks: -1 }, "option 'acks' is -1; it must be 'all', 'leader' or 'none'"],
    ['compressionType', { compressionType: 'gzip' }, "did you mean 'compression'?"],
    ['a flag that is text', { idempotent: 'yes' }, 'option \'idempotent\' is "yes"'],
    ['a partitioner that is not a function', { partitioner: 'murmur2' }, "option 'partitioner'"],
    ['a negative linger', { lingerMs: -1 }, "option 'lingerMs' is -1"],
    ['a fraction of a byte', { batchBytesMax: 0.5 }, "option 'batchBytesMax' is 0.5"],
  ])('createProducer: %s', (_what, options, text) => {
    const told = refusal(() => createProducer(kafka, options))
    expect(told).toMatch(/^INVALID_(OPTION|ARGUMENT): /)
    expect(told).toContain(text)
  })
})
