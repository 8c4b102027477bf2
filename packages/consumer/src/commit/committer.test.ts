import { TidemarkError } from '@tidemark/platform'
import { allErrors, ErrorCode, type ErrorName } from '@tidemark/protocol'
import { describe, expect, test } from 'vitest'
import { Claim } from '../claims/claim.ts'
import { scriptedCluster, TOPIC_UUID, turn } from '../testing/scripted-cluster.case.ts'
import { Committer, type CommitterOptions, commitFailed } from './committer.ts'
import { commitOutcome } from './outcome.ts'
import { enter, finish, tracker } from './tracker.ts'

const OTHER_UUID = '0000000000004000800000000000002b'

const codeOf = async (promise: Promise<unknown>): Promise<string> =>
  await promise.then(
    () => 'resolved',
    (error: TidemarkError) => error.code,
  )

function committerOf(options: Partial<CommitterOptions> = {}, version?: number) {
  const script = scriptedCluster(version)
  const told: string[] = []
  const failures: unknown[] = []
  const claims: Claim[] = []
  let generation = 3
  const committer = new Committer<Claim>(
    {
      group: 'g',
      intervalMs: 1_000,
      recordsMax: 50,
      requestTimeoutMs: 30_000,
      retryDelayMs: 100,
      automatic: true,
      completionMap: true,
      ...options,
    },
    script.cluster,
    script.clock,
    () => ({ memberId: 'me', generation, instanceId: undefined }),
    () => claims,
    {
      committed: (c, offset) => told.push(`committed ${c.partition}@${offset}`),
      refused: (c, offset, error) => told.push(`refused ${c.partition}@${offset}: ${error.code}`),
      memberRefused: (error, g) => told.push(`member refused: ${error} in ${g}`),
      failing: (error, attempts) => told.push(`failing ${attempts}: ${error.code}`),
      failed: (error) => {
        failures.push(error)
        told.push(`failed: ${(error as TidemarkError).code}`)
      },
    },
  )
  return {
    ...script,
    committer,
    told,
    failures,
    setGeneration: (g: number) => {
      generation = g
    },
    /** A working claim that has read so many records from 0 on, of which the first `done` are done. */
    claim(partition: number, read: number, done: number): Claim {
      const claim = new Claim(partition, 't', partition, TOPIC_UUID)
      claim.phase = 'working'
      claim.tracker = tracker(0)
      for (let offset = 0; offset < read; offset++) {
        const ticket = enter(claim.tracker, offset)
        if (offset < done) finish(claim.tracker, ticket)
      }
      claims.push(claim)
      return claim
    },
    async answer(codes: Record<number, ErrorName>) {
      const partitions = Object.entries(codes).map(([p, name]) => ({ partitionIndex: Number(p), errorCode: ErrorCode[name] }))
      await script.sent('OffsetCommit').answer({ topics: [{ name: 't', topicId: TOPIC_UUID, partitions }] })
    },
    async pass(ms: number) {
      script.clock.advance(ms)
      await turn()
    },
  }
}

describe('one table for every error of a commit', () => {
  const classes: Partial<Record<ErrorName, string>> = {
    NONE: 'done',
    REBALANCE_IN_PROGRESS: 'retry',
    UNKNOWN_SERVER_ERROR: 'retry',
    NOT_COORDINATOR: 'moved',
    COORDINATOR_NOT_AVAILABLE: 'moved',
    REQUEST_TIMED_OUT: 'moved',
    ILLEGAL_GENERATION: 'rejoin',
    UNKNOWN_MEMBER_ID: 'rejoin',
    GROUP_ID_NOT_FOUND: 'rejoin',
    FENCED_INSTANCE_ID: 'rejoin',
    STALE_MEMBER_EPOCH: 'rejoin',
    FENCED_MEMBER_EPOCH: 'rejoin',
    UNKNOWN_TOPIC_OR_PARTITION: 'topicMissing',
    UNKNOWN_TOPIC_ID: 'topicMissing',
    OFFSET_METADATA_TOO_LARGE: 'metadataTooLarge',
  }

  test.each(allErrors.map((e) => [e.name, e.retriable] as const))('%s', (name, retriable) => {
    expect(commitOutcome(name)).toBe(classes[name] ?? (retriable ? 'retry' : 'fatal'))
  })

  test.each(allErrors.map((e) => e.name))(
    'a final commit that is answered %s is on record, tried again, or known to be not on record',
    async (name) => {
      const t = committerOf()
      const claim = t.claim(0, 2, 2)
      const settled = t.committer.settle([claim], () => 10_000)
      await turn()
      await t.answer({ 0: name })
      for (let i = 0; i < 3 && t.open.length === 0; i++) await t.pass(100)
      if (t.open.length > 0) await t.answer({ 0: 'NONE' })
      await settled
      const outcome = commitOutcome(name)
      const isOnRecord = outcome !== 'fatal'
      expect(claim.committed).toBe(isOnRecord ? 2 : undefined)
      expect(t.told.includes(`failed: ${name}`)).toBe(outcome === 'fatal')
      if (outcome === 'fatal') expect(t.committer.unrecorded(claim)).toBeDefined()
    },
  )
})

describe('a commit of a user', () => {
  test('resolves once it is on record, whatever becomes of other partitions', async () => {
    const t = committerOf()
    const [own] = [t.claim(0, 3, 2), t.claim(1, 3, 1)]
    const commit = t.committer.commit([own], { timeoutMs: 1_000 })
    await turn()
    await t.answer({ 0: 'NONE', 1: 'TOPIC_AUTHORIZATION_FAILED' })
    expect(await codeOf(commit)).toBe('resolved')
    expect(t.told).toContain('committed 0@2')
  })

  test('does not wait for another claim', async () => {
    const t = committerOf()
    const own = t.claim(0, 3, 0)
    own.committed = 0
    t.claim(1, 3, 1)
    expect(await codeOf(t.committer.commit([own], { timeoutMs: 1_000 }))).toBe('resolved')
    expect(t.open).toEqual([])
  })

  test('that finds another request under way goes right behind it, without a pause', async () => {
    const t = committerOf()
    const claim = t.claim(0, 3, 1)
    t.committer.start()
    await t.pass(1_000)
    finish(claim.tracker, 1)
    const commit = codeOf(t.committer.commit([claim], { timeoutMs: 1_000 }))
    await t.answer({ 0: 'NONE' })
    await t.answer({ 0: 'NONE' })
    expect(await commit).toBe('resolved')
    expect(claim.committed).toBe(2)
    t.committer.stop()
  })

  test('of a dead claim rejects COMMIT_FENCED at once', async () => {
    const t = committerOf()
    const claim = t.claim(0, 3, 2)
    claim.phase = 'dead'
    expect(await codeOf(t.committer.commit([claim], { timeoutMs: 1_000 }))).toBe('COMMIT_FENCED')
  })

  test('rejects COMMIT_FENCED if the claim dies while the answer is awaited, though the broker took it', async () => {
    const t = committerOf()
    const claim = t.claim(0, 3, 2)
    const commit = codeOf(t.committer.commit([claim], { timeoutMs: 1_000 }))
    await turn()
    claim.phase = 'dead'
    await t.answer({ 0: 'NONE' })
    expect(await commit).toBe('COMMIT_FENCED')
    expect(t.told).toEqual([])
  })

  test('rejects COMMIT_FAILED with the partition and the offset on record when it is refused for good', async () => {
    const t = committerOf()
    const commit = t.committer.commit([t.claim(0, 3, 2)], { timeoutMs: 1_000 })
    const caught = commit.catch((error: unknown) => error)
    await turn()
    await t.answer({ 0: 'TOPIC_AUTHORIZATION_FAILED' })
    expect(await caught).toMatchObject({
      code: 'COMMIT_FAILED',
      partitions: [{ topic: 't', partition: 0, offset: 0 }],
      cause: { code: 'TOPIC_AUTHORIZATION_FAILED' },
    })
    expect(t.failures).toMatchObject([{ code: 'TOPIC_AUTHORIZATION_FAILED' }])
  })

  test('rejects COMMIT_FAILED when its time is over, though nobody ever answers', async () => {
    const t = committerOf()
    const commit = codeOf(t.committer.commit([t.claim(0, 3, 2)], { timeoutMs: 1_000 }))
    await turn()
    await t.pass(999)
    await t.pass(1)
    expect(await commit).toBe('COMMIT_FAILED')
  })

  test('rejects ABORTED by its signal', async () => {
    const t = committerOf()
    const stop = new AbortController()
    const commit = codeOf(t.committer.commit([t.claim(0, 3, 2)], { timeoutMs: 60_000, signal: stop.signal }))
    await turn()
    stop.abort()
    expect(await commit).toBe('ABORTED')
  })

  test('leaves no timer behind', async () => {
    const t = committerOf()
    const commit = t.committer.commit([t.claim(0, 3, 2)], { timeoutMs: 60_000 })
    await turn()
    await t.answer({ 0: 'NONE' })
    await commit
    expect(t.clock.pending).toBe(0)
  })

  test('of a place that a seek moved back to is not taken for one that is on record already', async () => {
    const t = committerOf()
    const claim = t.claim(0, 0, 0)
    claim.committed = 100
    claim.isRecordStale = true
    const commit = t.committer.commit([claim], { timeoutMs: 1_000 })
    await turn()
    expect(t.sent('OffsetCommit').body.topics[0].partitions[0].committedOffset).toBe(0)
    await t.answer({ 0: 'NONE' })
    await commit
    expect(claim.committed).toBe(0)
  })
})

describe('by interval', () => {
  test('one request at a time; what was refused and may be retried goes with the next', async () => {
    const t = committerOf()
    const claim = t.claim(0, 3, 1)
    t.committer.start()
    await t.pass(1_000)
    await t.pass(5_000)
    expect(t.open).toHaveLength(1)
    await t.answer({ 0: 'COORDINATOR_LOAD_IN_PROGRESS' })
    finish(claim.tracker, 1)
    await t.pass(1_000)
    expect(t.sent('OffsetCommit').body.topics[0].partitions[0].committedOffset).toBe(2)
    await t.answer({ 0: 'NONE' })
    expect(t.told).toEqual(['refused 0@1: COORDINATOR_LOAD_IN_PROGRESS', 'failing 1: COORDINATOR_LOAD_IN_PROGRESS', 'committed 0@2'])
    t.committer.stop()
  })

  test('records are counted, not calls: a batch of fifty is fifty', async () => {
    const t = committerOf({ recordsMax: 50 })
    t.claim(0, 60, 50)
    t.committer.count(49)
    await turn()
    expect(t.open).toHaveLength(0)
    t.committer.count(1)
    await turn()
    expect(t.open).toHaveLength(1)
  })

  test('manual commits: nothing is sent that was not asked for', async () => {
    const t = committerOf({ automatic: false, recordsMax: 1 })
    t.claim(0, 3, 3)
    t.committer.start()
    t.committer.count(3)
    t.committer.setRebalancing(true)
    await t.pass(10_000)
    expect(t.open).toEqual([])
  })

  test('a member that has not joined commits nothing', async () => {
    const t = committerOf()
    t.setGeneration(-1)
    t.claim(0, 3, 1)
    t.committer.start()
    await t.pass(2_000)
    expect(t.open).toEqual([])
    t.committer.stop()
  })

  test('a rebalance that begins makes what is done be committed at once', async () => {
    const t = committerOf({ intervalMs: 60_000 })
    t.claim(0, 3, 1)
    t.committer.start()
    t.committer.setRebalancing(true)
    await turn()
    expect(t.open).toHaveLength(1)
    t.committer.stop()
  })
})

describe('what no retry can fix', () => {
  test.each([
    ['the client was closed', new TidemarkError('CLOSED', 'closed'), 'CLOSED'],
    ['the coordinator cannot be found for good', new TidemarkError('GROUP_AUTHORIZATION_FAILED', 'no'), 'GROUP_AUTHORIZATION_FAILED'],
    ['a bug', new TypeError('x is undefined'), undefined],
  ])('%s: it surfaces', async (_, error, code) => {
    const t = committerOf()
    const settled = t.committer.settle([t.claim(0, 3, 1)], () => 10_000)
    await turn()
    await t.sent('OffsetCommit').fail(error)
    await settled
    expect(t.failures).toEqual([error])
    expect((t.failures[0] as TidemarkError).code).toBe(code)
    expect(t.told.filter((line) => line.startsWith('refused'))).toEqual(code === undefined ? [] : [`refused 0@1: ${code}`])
  })

  test('an error of the group is told to the member, with the generation that the request carried', async () => {
    const t = committerOf()
    t.claim(0, 3, 1)
    t.committer.start()
    await t.pass(1_000)
    t.setGeneration(4)
    await t.answer({ 0: 'ILLEGAL_GENERATION' })
    expect(t.told).toContain('member refused: ILLEGAL_GENERATION in 3')
    t.committer.stop()
  })
})

describe('COMMIT_FAILED', () => {
  test('says of each partition where the group stays', () => {
    const t = committerOf()
    const [never, once] = [t.claim(0, 3, 2), t.claim(1, 9, 5)]
    once.committed = 4
    const planned = [never, once].map((c) => t.committer.unrecorded(c)!)
    expect(commitFailed(planned, undefined)).toMatchObject({
      message: 'what is done could not be committed; the group stays with t-0 at offset 0, t-1 at offset 4',
      partitions: [
        { topic: 't', partition: 0, offset: 0 },
        { topic: 't', partition: 1, offset: 4 },
      ],
    })
  })

  test('what was done is uncommitted while the metadata says nothing about the topic, and is committed when it does again', async () => {
    const t = committerOf()
    const claim = t.claim(0, 3, 3)
    t.views.set('t', { errorCode: ErrorCode.LEADER_NOT_AVAILABLE, partitions: [] })
    expect(t.committer.unrecorded(claim)).toMatchObject({ offset: 3 })
    const settled = t.committer.settle([claim], () => 10_000)
    await turn()
    expect(t.open).toEqual([]) // by name it could reach another topic
    t.views.delete('t')
    await t.pass(100)
    await t.answer({ 0: 'NONE' })
    await settled
    expect(t.told).toEqual(['committed 0@3'])
  })

  test('a broker that takes topic ids is sent the commit whatever the metadata says', async () => {
    const t = committerOf({}, 10)
    const claim = t.claim(0, 3, 3)
    t.views.set('t', { errorCode: ErrorCode.LEADER_NOT_AVAILABLE, partitions: [] })
    const settled = t.committer.settle([claim], () => 10_000)
    await turn()
    await t.answer({ 0: 'NONE' })
    await settled
    expect(t.told).toEqual(['committed 0@3'])
  })

  test('is not said where nothing was done: the run ends with the refusal itself', async () => {
    const t = committerOf()
    t.claim(0, 3, 0)
    t.committer.start()
    await t.pass(1_000)
    await t.answer({ 0: 'GROUP_AUTHORIZATION_FAILED' })
    t.committer.stop()
    expect(t.told).toContain('failed: GROUP_AUTHORIZATION_FAILED')
  })

  test('nothing is missing where nothing was done, or where the topic is gone', () => {
    const t = committerOf()
    expect(t.committer.unrecorded(t.claim(0, 3, 0))).toBe(undefined)
    const gone = t.claim(1, 3, 3)
    t.views.set('t', { id: OTHER_UUID })
    expect(t.committer.unrecorded(gone)).toBe(undefined)
  })

  test('one answer that does not know the topic proves nothing: the commit is tried again once a broker does', async () => {
    const t = committerOf()
    const claim = t.claim(0, 3, 3)
    t.views.set('t', { errorCode: ErrorCode.UNKNOWN_TOPIC_OR_PARTITION })
    const settled = t.committer.settle([claim], () => 10_000)
    await turn()
    t.views.delete('t') // the broker that lagged has caught up
    await t.pass(100)
    await t.answer({ 0: 'NONE' })
    await settled
    expect(claim.committed).toBe(3)
  })

  test('two look-ups in a row that do not find the topic do: nothing waits for it, and nothing is missing', async () => {
    const t = committerOf()
    const claim = t.claim(0, 3, 3)
    t.views.set('t', { errorCode: ErrorCode.UNKNOWN_TOPIC_OR_PARTITION })
    const settled = t.committer.settle([claim], () => 10_000)
    await turn()
    await t.pass(100)
    await settled
    expect(t.open).toEqual([])
    expect(t.committer.unrecorded(claim)).toBe(undefined)
  })

  test('a place that a seek moved to and that is not on record is missing too', () => {
    const t = committerOf()
    const claim = t.claim(0, 0, 0)
    claim.committed = 100
    claim.isRecordStale = true
    expect(t.committer.unrecorded(claim)).toMatchObject({ offset: 0 })
  })
})
