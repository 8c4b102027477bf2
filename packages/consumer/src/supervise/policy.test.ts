import { TidemarkError } from '@tidemark/platform'
import { ErrorCode, type ErrorName } from '@tidemark/protocol'
import { describe, expect, test } from 'vitest'
import { decide, isFatal, type RestartPolicy } from './policy.ts'

const policy: RestartPolicy = { delayMs: 1_000, delayMaxMs: 60_000, failuresMax: 10, windowMs: 600_000 }
const failure = new TidemarkError('HANDLER_FAILED', 'no')

/** The decisions about failures at these times. */
function decisions(atMs: readonly number[], chance = 1): unknown[] {
  return atMs.map((nowMs, i) => {
    const decision = decide(policy, atMs.slice(0, i + 1), nowMs, failure, chance)
    return decision.kind === 'restart' ? decision.delayMs : decision.why
  })
}

describe('the pause', () => {
  test('doubles up to its maximum, and the failure that reaches the limit ends it', () => {
    const atMs = Array.from({ length: 10 }, (_, i) => i * 100)
    expect(decisions(atMs)).toEqual([1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000, 60_000, 'tooMany'])
  })

  test('has its upper half by chance', () => {
    expect([0, 0.5, 1].map((chance) => decisions([0, 1], chance)[1])).toEqual([1_000, 1_500, 2_000])
  })

  test('is short again once earlier failures are out of the window, and these do not count towards the limit', () => {
    const atMs = Array.from({ length: 30 }, (_, i) => i * 100_000)
    expect(new Set(decisions(atMs).slice(5))).toEqual(new Set([32_000]))
    expect(decisions([0, 600_000, 1_200_001])).toEqual([1_000, 1_000, 1_000])
  })
})

describe('what no start can fix ends it at once', () => {
  test.each([
    'INVALID_OPTION',
    'CLOSED',
    'ALREADY_RUNNING',
    'GROUP_AUTHORIZATION_FAILED',
    'SASL_AUTHENTICATION_FAILED',
    'FENCED_INSTANCE_ID',
    'NO_COMMITTED_OFFSET',
    'UNSUPPORTED_VERSION',
  ] as const)('%s', (code) => {
    expect(decide(policy, [0], 0, new TidemarkError(code, 'no'), 0)).toEqual({ kind: 'giveUp', why: 'fatal' })
  })

  test.each([
    new TidemarkError('UNREACHABLE', 'no'),
    new TidemarkError('HANDLER_STUCK', 'no'),
    new TidemarkError('UNKNOWN_MEMBER_ID', 'no'),
    new TidemarkError('COORDINATOR_NOT_AVAILABLE', 'no'),
    new TypeError('of a user'),
    'text',
    undefined,
  ])('and not %s', (error) => {
    expect(isFatal(error)).toBe(false)
  })

  test('what only repeats its cause is judged by it', () => {
    const of = (code: 'COMMIT_FAILED' | 'DEAD_LETTER_FAILED', cause: unknown) => isFatal(new TidemarkError(code, 'no', { cause }))
    expect(of('DEAD_LETTER_FAILED', new TidemarkError('TOPIC_AUTHORIZATION_FAILED', 'no'))).toBe(true)
    expect(of('COMMIT_FAILED', new TidemarkError('UNREACHABLE', 'no'))).toBe(false)
    expect(of('DEAD_LETTER_FAILED', new Error('of a user'))).toBe(false)
  })

  test('every error of Kafka has its class', () => {
    for (const name of Object.keys(ErrorCode) as ErrorName[]) expect(typeof isFatal(new TidemarkError(name, 'no'))).toBe('boolean')
  })
})
