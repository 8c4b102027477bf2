/**
 * Kafka's whole table of errors, through every table of outcomes: nothing is left to chance, and a new error shows up
 * here.
 */

import { TidemarkError } from '@tidemark/platform'
import { allErrors, type ErrorName } from '@tidemark/protocol'
import { describe, expect, it } from 'vitest'
import { isLost } from './cluster/cluster.ts'
import { mayPass } from './cluster/retrying.ts'
import { fetchOutcome } from './fetch/outcome.ts'
import { coordinatorOutcome } from './groups/coordinator-error.ts'
import { outcomeOf } from './produce/outcome.ts'

/** Errors by outcome, without the one that stands for all others. */
function byOutcome(outcome: (code: number) => string, rest: string): Record<string, ErrorName[]> {
  const all: Record<string, ErrorName[]> = {}
  for (const { code, name } of allErrors) {
    const of = outcome(code)
    if (of !== rest) all[of] = [...(all[of] ?? []), name]
  }
  return all
}

const retriable = allErrors.filter((e) => e.retriable).map((e) => e.name)
const without = (...names: ErrorName[]) => retriable.filter((name) => !names.includes(name))

describe('the outcome of every error', () => {
  it('of a Fetch', () => {
    const lookUp: ErrorName[] = [
      'UNKNOWN_TOPIC_OR_PARTITION',
      'LEADER_NOT_AVAILABLE',
      'NOT_LEADER_OR_FOLLOWER',
      'REPLICA_NOT_AVAILABLE',
      'KAFKA_STORAGE_ERROR',
      'FENCED_LEADER_EPOCH',
      'UNKNOWN_TOPIC_ID',
      'INCONSISTENT_TOPIC_ID',
    ]
    expect(byOutcome(fetchOutcome, 'refused')).toEqual({
      done: ['NONE'],
      out_of_range: ['OFFSET_OUT_OF_RANGE'],
      look_up: lookUp,
      try_again: ['UNKNOWN_SERVER_ERROR', ...without(...lookUp, 'CORRUPT_MESSAGE')],
    })
    expect(fetchOutcome(31_000)).toBe('try_again')
  })

  it('of a request to a coordinator', () => {
    expect(byOutcome(coordinatorOutcome, 'refused')).toEqual({
      done: ['NONE'],
      moved: ['COORDINATOR_NOT_AVAILABLE', 'NOT_COORDINATOR'],
      try_again: without('COORDINATOR_NOT_AVAILABLE', 'NOT_COORDINATOR'),
    })
    expect(coordinatorOutcome(31_000)).toBe('refused')
  })

  it('of a Produce, of an idempotent producer', () => {
    const sameLeader: ErrorName[] = [
      'CORRUPT_MESSAGE',
      'REQUEST_TIMED_OUT',
      'NOT_ENOUGH_REPLICAS',
      'NOT_ENOUGH_REPLICAS_AFTER_APPEND',
      'THROTTLING_QUOTA_EXCEEDED',
    ]
    const text = (code: number) => {
      const outcome = outcomeOf(code, 2, true)
      return outcome.kind === 'again' ? `again${outcome.lookUp ? ', elsewhere' : ''}` : outcome.kind
    }
    expect(byOutcome(text, 'refused')).toEqual({
      written: ['NONE', 'DUPLICATE_SEQUENCE_NUMBER'],
      split: ['MESSAGE_TOO_LARGE', 'RECORD_LIST_TOO_LARGE'],
      gap: ['OUT_OF_ORDER_SEQUENCE_NUMBER', 'INVALID_PRODUCER_EPOCH', 'UNKNOWN_PRODUCER_ID'],
      again: sameLeader,
      'again, elsewhere': without(...sameLeader),
    })
    expect([outcomeOf(10, 1, true), outcomeOf(45, 1, false), outcomeOf(31_000, 1, true)]).toEqual(Array(3).fill({ kind: 'refused' }))
  })

  it('of a call that may be done twice: what Kafka calls retriable, and the way to the broker', () => {
    const passes = allErrors.filter(({ name }) => mayPass(new TidemarkError(name, ''))).map((e) => e.name)
    expect(passes).toEqual(retriable)
    for (const code of ['UNREACHABLE', 'TIMED_OUT', 'CONNECTION_LOST'] as const) {
      expect([mayPass(new TidemarkError(code, '')), isLost(new TidemarkError(code, ''))]).toEqual([true, true])
    }
    for (const code of ['CLOSED', 'ABORTED', 'UNKNOWN_TOPIC', 'PROTOCOL_ERROR', 'FRAME_TOO_LARGE'] as const) {
      expect(mayPass(new TidemarkError(code, ''))).toBe(false)
    }
  })
})
