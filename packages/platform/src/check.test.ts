import { describe, expect, test } from 'vitest'
import {
  checkName,
  checkOffset,
  checkOptions,
  checkPartition,
  checkTime,
  countOption,
  delaysOption,
  durationOption,
  nameOption,
  timeOption,
  wordOption,
} from './check.ts'

interface Options {
  readonly group?: string
  readonly startFrom?: string
  readonly commit?: string
  readonly sessionTimeoutMs?: number
}
const names = { group: true, startFrom: true, commit: true, sessionTimeoutMs: true } as const
const check = (given: unknown) => () => checkOptions<Options>('createConsumer()', given, names)

describe('names of options', () => {
  test.each([
    ['groupId', 'group'],
    ['fromBeginning', 'startFrom'],
    ['autoCommit', 'commit'],
    ['grup', 'group'],
    ['startfrom', 'startFrom'],
    ['sessionTimeout', 'sessionTimeoutMs'],
    ['session.timeout.ms', 'sessionTimeoutMs'],
  ])("'%s' is refused with a hint at '%s'", (name, meant) => {
    expect(check({ [name]: 1 })).toThrow(`unknown option '${name}' of createConsumer(); did you mean '${meant}'?`)
  })

  test('a name that is close to none gets the whole list', () => {
    expect(check({ quux: 1 })).toThrow("unknown option 'quux' of createConsumer(); it has group, startFrom, commit, sessionTimeoutMs")
  })

  test.each([
    ['ssl', "'tls' is given to createKafka(), or to one of the 'listeners' of startBroker()"],
    ['sasl', "'sasl' is given to createKafka(), or to one of the 'listeners' of startBroker()"],
    ['transactional.id', 'transactions are not supported yet'],
  ])("'%s' says where it is, or that it is missing", (name, said) => {
    expect(check({ [name]: true })).toThrow(`unknown option '${name}' of createConsumer(); ${said}`)
  })

  test.each([
    ['text', '"text"'],
    [null, 'null'],
    [[], 'an array'],
    [() => {}, 'a function'],
  ])('%s is not an object of options', (given, said) => {
    expect(check(given)).toThrow(`createConsumer() takes an object of options, not ${said}`)
  })

  test('names inherited from Object are not options', () => {
    expect(check({ toString: 1 })).toThrow("unknown option 'toString'")
  })

  test('known names pass, also without a value', () => {
    expect(check({ group: 'g', commit: undefined })).not.toThrow()
  })
})

describe('values', () => {
  test.each([-1, 0, 1.5, Number.NaN, Infinity, '5', null, 2n, 2 ** 53])('%s is not a count', (value) => {
    expect(() => countOption('recordsMax', value)).toThrow("option 'recordsMax' is")
  })

  test.each([-1, 0, Number.NaN, Infinity, 2 ** 31, '5', null])('%s is not a duration', (value) => {
    expect(() => durationOption('timeoutMs', value)).toThrow("option 'timeoutMs' is")
  })

  test('a duration may be a fraction, which is rounded up, and zero or Infinity where that is allowed', () => {
    expect(durationOption('t', 10_000.5)).toBe(10_001)
    expect(durationOption('t', 0, { zero: true })).toBe(0)
    expect(durationOption('t', Infinity, { infinite: true })).toBe(Infinity)
  })

  test('a word in capitals is refused with the word that was meant', () => {
    expect(() => wordOption('compression', 'GZIP', ['none', 'gzip'])).toThrow(
      `option 'compression' is "GZIP"; it must be 'none' or 'gzip'; did you mean 'gzip'?`,
    )
  })

  test('a word of many is refused with the one that was meant, and not with the list', () => {
    const names = Array.from({ length: 30 }, (_, i) => `ERROR_${i}`).concat('COORDINATOR_LOAD_IN_PROGRESS')
    expect(() => wordOption('error', 'COORDINATOR_LOAD', names)).toThrow(
      "must be one of 31 names, such as 'ERROR_0' or 'COORDINATOR_LOAD_IN_PROGRESS'; did you mean 'COORDINATOR_LOAD_IN_PROGRESS'?",
    )
  })

  test.each(['', null, 5])('%s is not a name', (value) => {
    expect(() => nameOption('group', value)).toThrow("option 'group' is")
  })
})

describe('the sentinels of the wire are out of reach', () => {
  test.each([-1, -2, 1.5, Number.NaN, 2 ** 53, '7', null, undefined])('%s is not an offset, nor a partition', (value) => {
    expect(() => checkOffset('the offset', value)).toThrow('the offset is')
    expect(() => checkPartition('the partition', value)).toThrow('the partition is')
  })

  test.each([new Date('0001-01-01'), new Date(-1), new Date('x'), 0, null])('%s is not a time of Kafka', (value) => {
    expect(() => timeOption('startFrom', value)).toThrow("option 'startFrom' is")
    expect(() => checkTime('the time', value)).toThrow('the time is')
  })
})

describe('values that are not what they seem', () => {
  test('a revoked Proxy is described, not looked into', () => {
    const { proxy, revoke } = Proxy.revocable({}, {})
    revoke()
    expect(() => checkName('the topic', proxy)).toThrow('the topic is an object that cannot be looked at')
  })

  test('a name that the wire cannot carry', () => {
    expect(checkName('the topic', 'é'.repeat(16_383))).toHaveLength(16_383)
    expect(() => checkName('the topic', 'é'.repeat(16_384))).toThrow('it must be text of 1 to 32767 bytes')
  })
})

describe('pauses between attempts', () => {
  const defaults = { delayMs: 100, delayMaxMs: 5_000 }

  test('the longest is never below the first', () => {
    expect(delaysOption('', {}, defaults)).toEqual(defaults)
    expect(delaysOption('', { delayMs: 9_000 }, defaults)).toEqual({ delayMs: 9_000, delayMaxMs: 9_000 })
    expect(() => delaysOption('retry.', { delayMaxMs: 50 }, defaults)).toThrow(
      "option 'retry.delayMaxMs' is 50; it must not be below retry.delayMs (100)",
    )
  })

  test('no pause at all is for those who allow it', () => {
    expect(() => delaysOption('', { delayMs: 0 }, defaults)).toThrow("option 'delayMs' is 0")
    expect(delaysOption('', { delayMs: 0, delayMaxMs: 0 }, defaults, { zero: true })).toEqual({ delayMs: 0, delayMaxMs: 0 })
  })
})
