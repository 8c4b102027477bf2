import type { FetchProblem } from '@tidemark/client/internal'
import { TidemarkError } from '@tidemark/platform'
import { ErrorCode, type ErrorName } from '@tidemark/protocol'
import { describe, expect, test } from 'vitest'
import { enter, finish } from '../commit/tracker.ts'
import { scriptedCluster, TOPIC_UUID, turn } from '../testing/scripted-cluster.case.ts'
import type { Claim } from './claim.ts'
import { Moves } from './moves.ts'
import { Pauses } from './pauses.ts'
import { Placement, type PlacementOptions } from './placement.ts'
import { ClaimRegistry } from './registry.ts'
import { Takeover } from './takeover.ts'

const codeOf = async (promise: Promise<unknown>): Promise<string> =>
  await promise.then(
    () => 'resolved',
    (error: TidemarkError) => error.code,
  )

function movesOf(outOfRange: 'fail' | 'earliest' | 'latest' = 'fail', options: Partial<PlacementOptions> = {}) {
  const script = scriptedCluster(7)
  const told: string[] = []
  const failures: unknown[] = []
  const failed = (error: unknown): void => void failures.push(error)
  const registry = new ClaimRegistry(new Pauses(), {
    began: (_, position) => told.push(`began at ${position.offset}`),
    stopped: () => {},
    ended: (_, reason) => told.push(`ended: ${reason}`),
  })
  const placement = new Placement(
    { group: 'g', startFrom: 'earliest', startAt: undefined, isolation: 'read_committed', heartbeatIntervalMs: 1_000, ...options },
    script.cluster,
    {},
    new Takeover(
      () => undefined,
      'g',
      () => 'm',
    ),
    {
      placed: (claim, position) => void registry.begin(claim, position),
      failing: (request, error, attempts) => told.push(`${request} failed ${attempts}: ${error.code}`),
      failed,
    },
  )
  const moves = new Moves(registry, placement, script.cluster, outOfRange, {
    seeked: (_, from, to) => told.push(`seeked from ${from} to ${to}`),
    outOfRange: (_, offset, movedTo) => told.push(`out of range at ${offset}, to ${movedTo}`),
    truncated: (_, offset, movedTo) => told.push(`truncated at ${offset}, to ${movedTo}`),
    failed,
  })
  /** A working claim that has read from 0 to `read`, of which the offsets in `done` are done. */
  const working = (read: number, done: readonly number[] = []): Claim => {
    const claim = registry.take('t', 0, TOPIC_UUID)!
    registry.begin(claim, { offset: 0, leaderEpoch: -1, committed: 0, metadata: '' })
    for (let offset = 0; offset < read; offset++) {
      const ticket = enter(claim.tracker, offset)
      if (done.includes(offset)) finish(claim.tracker, ticket)
    }
    told.length = 0
    return claim
  }
  const listed = async (offset: number, error: ErrorName = 'NONE'): Promise<void> => {
    const partitions = [{ partitionIndex: 0, errorCode: ErrorCode[error], offset, timestamp: -1, leaderEpoch: 0 }]
    await script.sent('ListOffsets').answer({ topics: [{ name: 't', partitions }] })
  }
  const fetched = async (committedOffset: number, metadata = '', error: ErrorName = 'NONE'): Promise<void> => {
    const partitions = [{ partitionIndex: 0, committedOffset, committedLeaderEpoch: -1, metadata, errorCode: ErrorCode[error] }]
    await script.sent('OffsetFetch').answer({ errorCode: ErrorCode.NONE, topics: [{ name: 't', partitions }] })
  }
  return { ...script, registry, placement, moves, told, failures, working, listed, fetched }
}

describe('a seek', () => {
  test('to an offset ends the claim in the same turn, and another one begins there', async () => {
    const t = movesOf()
    const claim = t.working(5)
    const seek = t.moves.seek('t', 0, 2)
    expect(claim.isDead).toBe(true)
    await seek
    expect(t.told).toEqual(['ended: seek', 'began at 2', 'seeked from 5 to 2'])
  })

  test('whose place is answered while the partition is being given up makes no claim: the partition has another owner soon', async () => {
    const t = movesOf()
    const claim = t.working(5)
    const seek = codeOf(t.moves.seek('t', 0, 'earliest'))
    await turn()
    t.registry.drain(claim, 'revoked')
    await t.listed(0)
    expect(await seek).toBe('NOT_ASSIGNED')
    expect(claim.phase).toBe('draining')
    expect([...t.registry.all()]).toEqual([claim])
  })

  test('is overtaken by a later one', async () => {
    const t = movesOf()
    t.working(5)
    const first = codeOf(t.moves.seek('t', 0, 'earliest'))
    await turn()
    await t.moves.seek('t', 0, 3)
    await t.listed(0)
    expect(await first).toBe('ABORTED')
    expect(t.registry.get('t', 0)!.start).toBe(3)
  })

  test('of a partition that waits for its place comes after it', async () => {
    const t = movesOf()
    const claim = t.registry.take('t', 0, TOPIC_UUID)!
    const seek = t.moves.seek('t', 0, 7)
    await turn()
    t.registry.begin(claim, { offset: 1, leaderEpoch: -1, committed: 1, metadata: '' })
    await seek
    expect(t.registry.get('t', 0)!.start).toBe(7)
  })

  test('of a partition that is not ours is refused', async () => {
    expect(await codeOf(movesOf().moves.seek('t', 0, 7))).toBe('NOT_ASSIGNED')
  })
})

const truncatedTo = (end: number | undefined): FetchProblem =>
  ({
    kind: 'truncated',
    offset: 10,
    end: end === undefined ? undefined : { offset: end, leaderEpoch: 4 },
    error: new TidemarkError('LOG_TRUNCATED', 'truncated'),
  }) as FetchProblem
const OUT_OF_RANGE: FetchProblem = { kind: 'out_of_range', offset: 10, error: new TidemarkError('OFFSET_OUT_OF_RANGE', 'out of range') }

describe('a truncated log (KIP-320)', () => {
  test.each(['earliest', 'latest'] as const)('%s: goes on where the logs agree, whatever the policy says', (policy) => {
    const t = movesOf(policy)
    t.moves.onProblem(t.working(10, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]), truncatedTo(6))
    expect(t.told).toEqual(['ended: seek', 'began at 6', 'truncated at 10, to 6'])
  })

  test('reads again what was not done below that point, and repeats nothing that was', () => {
    const t = movesOf('latest')
    t.moves.onProblem(t.working(10, [0, 1, 3, 4, 8]), truncatedTo(6))
    const { start, tracker } = t.registry.get('t', 0)!
    expect(start).toBe(2)
    expect(tracker.restored).toMatchObject({ base: 2, top: 6, open: [2, 5] })
  })

  test('fail: stops there', () => {
    const t = movesOf('fail')
    t.moves.onProblem(t.working(10), truncatedTo(6))
    expect(t.failures).toMatchObject([{ code: 'LOG_TRUNCATED' }])
  })

  test('without a known point of divergence the policy decides', async () => {
    const t = movesOf('earliest')
    t.moves.onProblem(t.working(10), truncatedTo(undefined))
    await turn()
    await t.listed(3)
    expect(t.told).toContain('out of range at 10, to 3')
  })
})

describe('a topic that was deleted and created again', () => {
  const NEW_UUID = '00000000-0000-0000-0000-0000000000ff'
  const REPLACED: FetchProblem = { kind: 'replaced', topicId: NEW_UUID, error: new TidemarkError('TOPIC_REPLACED', 'replaced') }

  test('while its place was looked up: a claim that has read nothing, of which nothing is on record, looks again in the new one', async () => {
    const t = movesOf('fail')
    const claim = t.registry.take('t', 0, TOPIC_UUID)!
    t.registry.begin(claim, { offset: 3, leaderEpoch: -1, committed: undefined, metadata: '' })
    t.moves.onProblem(claim, REPLACED)
    expect(t.registry.get('t', 0)).toMatchObject({ phase: 'placing', topicUuid: NEW_UUID })
    await turn()
    await t.fetched(-1)
    await t.listed(0)
    expect(t.told).toEqual(['began at 3', 'ended: seek', 'began at 0'])
    expect(t.failures).toEqual([])
  })

  test('fail: stops there, once something was read of the old one', () => {
    const t = movesOf('fail')
    t.moves.onProblem(t.working(1), REPLACED)
    expect(t.failures).toMatchObject([{ code: 'TOPIC_REPLACED' }])
  })
})

describe('a position out of range', () => {
  test('an error that passes is asked through: the consumer goes on', async () => {
    const t = movesOf('earliest')
    t.moves.onProblem(t.working(10), OUT_OF_RANGE)
    await turn()
    await t.sent('ListOffsets').fail(new TidemarkError('UNKNOWN_PARTITION', 'no leader now'))
    t.clock.advance(1_000)
    await turn()
    await t.listed(3)
    expect(t.failures).toEqual([])
    expect(t.told).toContain('out of range at 10, to 3')
  })

  test('answered while the partition is being given up makes no claim', async () => {
    const t = movesOf('earliest')
    const claim = t.working(10)
    t.moves.onProblem(claim, OUT_OF_RANGE)
    await turn()
    t.registry.drain(claim, 'revoked')
    await t.listed(0)
    expect([...t.registry.all()]).toEqual([claim])
    expect(t.told).toEqual([])
  })

  test.each(['placing', 'draining', 'dead'] as const)('of a claim that is %s is nobody’s business', (phase) => {
    const t = movesOf('fail')
    const claim = t.registry.take('t', 0, TOPIC_UUID)!
    claim.phase = phase
    t.moves.onProblem(claim, OUT_OF_RANGE)
    expect(t.failures).toEqual([])
  })
})

describe('where a claim begins', () => {
  const placing = (t: ReturnType<typeof movesOf>): Claim => {
    const claim = t.registry.take('t', 0, TOPIC_UUID)!
    t.placement.place([claim])
    return claim
  }

  test('at the committed offset', async () => {
    const t = movesOf()
    const claim = placing(t)
    await turn()
    await t.fetched(5)
    expect(claim).toMatchObject({ phase: 'working', start: 5, committed: 5 })
  })

  test('an error of OffsetFetch is never "nothing committed": it is asked again (T10)', async () => {
    const t = movesOf()
    const claim = placing(t)
    await turn()
    await t.fetched(-1, '', 'UNSTABLE_OFFSET_COMMIT')
    expect(claim.phase).toBe('placing')
    t.clock.advance(1_000)
    await turn()
    await t.fetched(5)
    expect(claim.start).toBe(5)
    expect(t.told).toContain('OffsetFetch failed 1: UNSTABLE_OFFSET_COMMIT')
  })

  test.each(['GROUP_AUTHORIZATION_FAILED', 'TOPIC_AUTHORIZATION_FAILED'] as const)('%s ends the run', async (name) => {
    const t = movesOf()
    placing(t)
    await turn()
    await t.fetched(-1, '', name)
    expect(t.failures).toMatchObject([{ code: name }])
  })

  test("where nothing is committed startFrom decides, and 'fail' fails", async () => {
    const earliest = movesOf()
    const claim = placing(earliest)
    await turn()
    await earliest.fetched(-1)
    await earliest.listed(3)
    expect(claim).toMatchObject({ start: 3, committed: undefined })
    const failing = movesOf('fail', { startFrom: 'fail' })
    placing(failing)
    await turn()
    await failing.fetched(-1)
    expect(failing.failures).toMatchObject([{ code: 'NO_COMMITTED_OFFSET' }])
  })

  test('startAt is asked first, with what is committed; undefined leaves it to the rest', async () => {
    const asked: unknown[] = []
    const answers = [9, undefined]
    const t = movesOf('fail', { startAt: async (input) => (asked.push(input), answers.shift()) })
    const claim = placing(t)
    await turn()
    await t.fetched(5)
    expect(claim).toMatchObject({ start: 9, committed: 5, isRecordStale: true })
    t.registry.end(claim, 'revoked')
    const again = placing(t)
    await turn()
    await t.fetched(5)
    expect(again.start).toBe(5)
    expect(asked[0]).toEqual({ topic: 't', partition: 0, committed: 5 })
  })

  test.each([-1, Number.NaN, 'end', {}])('a startAt that returns %o ends the run', async (place) => {
    const t = movesOf('fail', { startAt: () => place as never })
    placing(t)
    await turn()
    await t.fetched(5)
    expect(t.failures).toMatchObject([{ code: 'START_AT_FAILED' }])
  })

  test('a startAt that throws ends the run, whatever it throws', async () => {
    for (const thrown of [new Error('no'), Object.create(null)]) {
      const t = movesOf('fail', {
        startAt: () => {
          throw thrown
        },
      })
      placing(t)
      await turn()
      await t.fetched(5)
      expect(t.failures).toMatchObject([{ code: 'START_AT_FAILED' }])
    }
  })

  test('after the run nothing is asked any more, and no timer is left', async () => {
    const t = movesOf()
    placing(t)
    await turn()
    await t.fetched(-1, '', 'UNSTABLE_OFFSET_COMMIT')
    t.placement.close()
    await turn()
    expect([t.open.length, t.clock.pending]).toEqual([0, 0])
  })
})
