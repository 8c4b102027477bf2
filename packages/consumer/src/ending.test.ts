import { TidemarkError } from '@tidemark/platform'
import { ManualClock } from '@tidemark/platform/testing'
import { describe, expect, test } from 'vitest'
import { Claim } from './claims/claim.ts'
import { Ending } from './ending.ts'

const planned = (partition: number) => ({
  subject: new Claim(partition, 't', partition, undefined),
  offset: 5,
  leaderEpoch: 0,
  finishedCount: 5,
  notesVersion: 0,
})
const refusal = new TidemarkError('TOPIC_AUTHORIZATION_FAILED', 'refused')

const quiet = { stop() {}, abandon() {}, end() {}, failing() {} }

function start() {
  const ending = new Ending(new ManualClock(), 1_000, quiet)
  const outcome = ending.wait().then(
    () => 'resolved',
    (error) => error,
  )
  return { ending, outcome }
}

describe('a run that stops because a commit was refused', () => {
  test('names the partitions of which something is not on record at the end', async () => {
    const { ending, outcome } = start()
    ending.commitRefused(refusal)
    ending.leftUncommitted(planned(1))
    ending.finish()
    expect(await outcome).toMatchObject({ code: 'COMMIT_FAILED', partitions: [{ topic: 't', partition: 1 }], cause: refusal })
  })

  test('rejects with the refusal if the final commit has put everything on record', async () => {
    const { ending, outcome } = start()
    ending.commitRefused(refusal)
    ending.finish()
    expect(await outcome).toBe(refusal)
  })

  test('rejects with what stopped it before, though a commit is refused then', async () => {
    const { ending, outcome } = start()
    const failure = new TidemarkError('HANDLER_FAILED', 'failed')
    ending.stopWith(failure)
    ending.commitRefused(refusal)
    ending.leftUncommitted(planned(0))
    ending.finish()
    expect(await outcome).toBe(failure)
  })
})

test('what was acknowledged after its claim had ended is on record', async () => {
  const { ending, outcome } = start()
  ending.stop(1_000)
  const late = planned(0)
  ending.leftUncommitted(late)
  late.subject.acknowledgedLate = { offset: 5, finishedCount: 5 }
  ending.finish()
  expect(await outcome).toBe('resolved')
})

test('the time that is left is that of its stop', () => {
  const clock = new ManualClock()
  const ending = new Ending(clock, 1_000, quiet)
  expect(ending.leftMs).toBe(Number.POSITIVE_INFINITY)
  ending.stop()
  clock.advance(400)
  expect(ending.leftMs).toBe(600)
  clock.advance(700)
  expect(ending.leftMs).toBe(0)
})

test.each([
  ['when it is over within a second, nothing but its outcome tells that it failed', 900, []],
  ['when what is running takes longer, that is told, and how long it may take', 1_100, [[refusal, 4_000]]],
])('%s', (_, tookMs, expected) => {
  const clock = new ManualClock()
  const told: unknown[] = []
  const ending = new Ending(clock, 5_000, { ...quiet, failing: (error, leftMs) => told.push([error, leftMs]) })
  ending.wait().catch(() => {}) // its outcome is not what is tested here
  ending.stopWith(refusal)
  ending.stopWith(new Error('another one'))
  clock.advance(tookMs)
  ending.finish()
  clock.advance(10_000)
  expect(told).toEqual(expected)
})
