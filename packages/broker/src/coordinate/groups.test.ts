import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join as joinPath } from 'node:path'
import { nodePlatform, type Platform } from '@tidemark/platform'
import { ErrorCode, partitionOfGroup } from '@tidemark/protocol'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Topics } from '../metadata/topics.ts'
import type { StartOptions } from '../options.ts'
import { resolveOptions } from '../resolve-options.ts'
import { FileStore } from '../storage/file-store.ts'
import type { Groups } from './groups.ts'
import { inMemory, ManualClock, type Parts, putTogether } from './rig.case.ts'

const never = new AbortController().signal
const ZERO = '0'.repeat(32)

const commit = (groups: Groups, groupId: string, offset: number, topic = 'orders', topicId = ZERO) =>
  groups.commit(
    {
      groupId,
      generationId: -1,
      memberId: '',
      groupInstanceId: null,
      retentionTimeMs: -1,
      knowsGroupIdNotFound: true,
      entries: [{ topic, topicId, partition: 0, offset, leaderEpoch: -1, metadata: '', commitTimestamp: -1 }],
    },
    never,
  )

const committed = async (groups: Groups, groupId: string, topic = 'orders'): Promise<number> => {
  const { topics } = await groups.fetchOffsets(groupId, [{ name: topic, topicId: ZERO, partitions: [0] }])
  return topics[0]!.partitions[0]!.offset
}

const joining = (groupId: string, memberId = '') => ({
  groupId,
  memberId,
  groupInstanceId: null,
  protocolType: 'consumer',
  protocols: [{ name: 'range', metadata: Buffer.from('m') }],
  sessionTimeoutMs: 60_000,
  rebalanceTimeoutMs: 60_000,
  clientId: 'app',
  clientHost: '/127.0.0.1',
  needsMemberId: false,
  canSkipAssignment: false,
})

const makeTopic = (topics: Topics, name: string) =>
  topics.create({ name, numPartitions: 1, replicationFactor: 1, assignments: [], configs: [] })

describe('in memory', () => {
  it('a decision that throws fails its request and its group, and no other group of its partition', async () => {
    const { groups } = await inMemory()
    const partition = partitionOfGroup('bad', 50)
    const neighbour = Array.from({ length: 1000 }, (_, i) => `n${i}`).find((id) => partitionOfGroup(id, 50) === partition)!
    await commit(groups, 'bad', 1)
    await commit(groups, neighbour, 2)
    const broken = { ...joining('bad') }
    Object.defineProperty(broken, 'protocols', {
      enumerable: true,
      get: () => [{ name: 'range', metadata: Buffer.from('m') }, null as never],
    })
    expect((await groups.join(broken, never))?.errorCode).toBe(ErrorCode.UNKNOWN_SERVER_ERROR)
    expect(await commit(groups, neighbour, 3)).toEqual([ErrorCode.NONE])
    expect(await committed(groups, neighbour)).toBe(3)
    expect(await commit(groups, 'bad', 4)).toEqual([ErrorCode.NONE])
    expect(await committed(groups, 'bad')).toBe(4)
    await groups.close()
  })

  it('commits do not add up: any number of them fits into little memory, and none is lost', async () => {
    const { groups, partitions, topics } = await inMemory({ memoryBytesMax: 1024 * 1024 })
    for (let i = 0; i < 20_000; i++) expect(await commit(groups, `g${i % 3}`, i)).toEqual([ErrorCode.NONE])
    for (const [i, group] of ['g0', 'g1', 'g2'].entries()) expect(await committed(groups, group)).toBe(19_998 + (i < 2 ? i : -1))
    const bytes = [...partitions.opened()].reduce((sum, { partition }) => sum + partition.log.bytes, 0)
    expect(bytes).toBeLessThan(300_000)
    expect(topics.byName('__consumer_offsets')).toBeDefined()
    await groups.close()
  })

  it('topics that come and go do not add up', async () => {
    const { groups, topics, metadataLog } = await inMemory({ memoryBytesMax: 512 * 1024 })
    await makeTopic(topics, 'stays')
    for (let i = 0; i < 3000; i++) {
      expect((await makeTopic(topics, 't')).kind).toBe('created')
      await topics.delete(topics.byName('t')!)
    }
    expect([...metadataLog.metadata.byName.keys()]).toEqual(['stays'])
    await groups.close()
  })

  it('a new member is named by its client id and a UUID', async () => {
    const { groups } = await inMemory()
    const reply = await groups.join({ ...joining('g'), needsMemberId: true }, never)
    expect(reply?.memberId).toMatch(/^app-[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}$/)
    const fixed = await groups.join({ ...joining('g'), groupInstanceId: 'shelf' }, never)
    expect(fixed?.memberId).toMatch(/^shelf-[0-9a-f]{8}-/)
    await groups.close()
  })

  it('an empty group id is INVALID_GROUP_ID, except for commits, as Kafka has it', async () => {
    const { groups } = await inMemory()
    const who = { groupId: '', memberId: 'm', generationId: 1, groupInstanceId: null }
    expect((await groups.join(joining(''), never))?.errorCode).toBe(ErrorCode.INVALID_GROUP_ID)
    expect(await groups.heartbeat(who, never)).toBe(ErrorCode.INVALID_GROUP_ID)
    const sync = { ...who, protocolType: null, protocolName: null, assignments: [] }
    expect((await groups.sync(sync, never))?.errorCode).toBe(ErrorCode.INVALID_GROUP_ID)
    expect((await groups.leave({ groupId: '', members: [] }, never))?.errorCode).toBe(ErrorCode.INVALID_GROUP_ID)
    expect(await commit(groups, '', 5)).toEqual([ErrorCode.NONE])
    expect(await committed(groups, '')).toBe(5)
  })

  it('when a topic is deleted, its offsets are gone in every group', async () => {
    const { groups, topics } = await inMemory()
    await makeTopic(topics, 'orders')
    await makeTopic(topics, 'clicks')
    for (const group of ['a', 'b', 'c']) {
      await commit(groups, group, 1)
      await commit(groups, group, 2, 'clicks')
    }
    await topics.delete(topics.byName('orders')!)
    for (const group of ['a', 'b', 'c']) {
      expect([await committed(groups, group), await committed(groups, group, 'clicks')]).toEqual([-1, 2])
    }
  })

  it('lists groups of all partitions, by state and type', async () => {
    const clock = new ManualClock()
    const { groups } = await inMemory({ platform: { ...nodePlatform, clock } })
    for (const group of ['a', 'b', 'c']) await commit(groups, group, 1)
    const joined = groups.join(joining('d'), never)
    clock.advance(0)
    await joined
    const names = async (states: string[], types: string[]) => (await groups.list({ states, types })).groups.map((g) => g.groupId).sort()
    expect(await names([], [])).toEqual(['a', 'b', 'c', 'd'])
    expect(await names(['empty', 'Stable'], ['Classic'])).toEqual(['a', 'b', 'c'])
    expect(await names(['completingrebalance'], [])).toEqual(['d'])
    expect(await names([], ['consumer'])).toEqual([])
  })

  it('trap 36: offsets of groups that nobody uses are forgotten after the retention time, looked for every ten minutes', async () => {
    const clock = new ManualClock()
    const { groups } = await inMemory({ platform: { ...nodePlatform, clock } })
    await commit(groups, 'old', 1)
    clock.advance(7 * 24 * 60 * 60 * 1000 - 1)
    expect(await committed(groups, 'old')).toBe(1)
    await commit(groups, 'young', 2)
    clock.advance(1)
    expect([await committed(groups, 'old'), await committed(groups, 'young')]).toEqual([-1, 2])
    expect((await groups.list({ states: [], types: [] })).groups.map((g) => g.groupId)).toEqual(['young'])
  })

  it('makes no more groups than groupsMax, of all partitions together', async () => {
    const { groups } = await inMemory({ groupsMax: 2 })
    expect(await commit(groups, 'a', 1)).toEqual([ErrorCode.NONE])
    expect(await commit(groups, 'b', 1)).toEqual([ErrorCode.NONE])
    expect(await commit(groups, 'c', 1)).toEqual([ErrorCode.POLICY_VIOLATION])
    expect(await commit(groups, 'a', 2)).toEqual([ErrorCode.NONE])
  })

  it.each(['stop', 'close'] as const)('leaves no timer behind after %s, so that the process may end', async (how) => {
    const clock = new ManualClock()
    const { groups } = await inMemory({ platform: { ...nodePlatform, clock } })
    void groups.join(joining('g'), never)
    clock.advance(0)
    expect(clock.pending).toBeGreaterThan(1)
    await groups[how]()
    clock.advance(0)
    expect(clock.pending).toBe(0)
  })

  it('answers nothing after it was closed', async () => {
    const { groups } = await inMemory()
    await groups.close()
    expect(await commit(groups, 'a', 1)).toEqual([ErrorCode.COORDINATOR_NOT_AVAILABLE])
  })
})

describe('on disk', () => {
  let folder: string
  beforeEach(() => {
    folder = mkdtempSync(joinPath(tmpdir(), 'tidemark-groups-'))
  })
  afterEach(() => rmSync(folder, { recursive: true }))

  const onDisk = async (given: Omit<StartOptions, 'data'> = {}): Promise<Parts> => {
    const options = resolveOptions({ data: folder, ...given })
    const { platform } = options
    const store = await FileStore.open({
      ...options,
      path: folder,
      disk: platform.disk,
      clock: platform.clock,
      fresh: { clusterId: '1'.repeat(32), nodeId: 1 },
      onFailure(cause) {
        throw cause
      },
      onRecovered() {},
      onReplaced() {},
    })
    return putTogether(options, store)
  }

  const offsetFolders = (): string[] => {
    try {
      return readdirSync(joinPath(folder, 'internal', '__consumer_offsets'))
    } catch {
      return []
    }
  }

  it.each(['interval', 'always'] as const)(
    'decision 17: after a restart (fsync %s) nobody has to rejoin, and offsets are as committed',
    async (fsync) => {
      const first = await onDisk({ fsync })
      await makeTopic(first.topics, 'orders')
      const joined = await first.groups.join(joining('g'), never)
      const { memberId } = joined!
      const assignments = [{ memberId, assignment: Buffer.from('all') }]
      const who = { groupId: 'g', memberId, generationId: 1, groupInstanceId: null }
      await first.groups.sync({ ...who, protocolType: null, protocolName: null, assignments }, never)
      for (let offset = 0; offset < 100; offset++) await commit(first.groups, 'simple', offset)
      await first.close()

      const second = await onDisk({ fsync })
      await second.loaded
      expect(await second.groups.heartbeat(who, never)).toBe(ErrorCode.NONE)
      const synced = await second.groups.sync({ ...who, protocolType: null, protocolName: null, assignments: [] }, never)
      expect(String(synced?.assignment)).toBe('all')
      expect(await committed(second.groups, 'simple')).toBe(99)
      await second.close()
    },
  )

  it('deletes the offsets of topics that a crash took away before theirs were deleted', async () => {
    const first = await onDisk()
    await makeTopic(first.topics, 'orders')
    await commit(first.groups, 'g', 1)
    await commit(first.groups, 'g', 2, 'gone')
    await first.close()
    const second = await onDisk()
    await second.loaded
    expect([await committed(second.groups, 'g'), await committed(second.groups, 'g', 'gone')]).toEqual([1, -1])
    await second.close()
  })

  it('an offset of a topic that was deleted and created again while its log was read back is forgotten', async () => {
    const first = await onDisk()
    await makeTopic(first.topics, 'orders')
    await commit(first.groups, 'g', 1)
    await first.close()
    rmSync(joinPath(folder, 'internal', '__consumer_offsets', offsetFolders()[0]!, 'checkpoint'))
    const { clock } = nodePlatform
    const held: (() => void)[] = []
    let holds = true
    const afterTurn = (call: () => void): void => void (holds ? held.push(call) : clock.afterTurn(call))
    const second = await onDisk({ platform: { ...nodePlatform, clock: { ...clock, afterTurn } } })
    await second.topics.delete(second.topics.byName('orders')!)
    await makeTopic(second.topics, 'orders')
    holds = false
    for (const call of held) call()
    await second.loaded
    expect(await committed(second.groups, 'g')).toBe(-1)
    await second.close()
  })

  it('an offset with the id of a topic that had the name before is forgotten when its log is read back', async () => {
    const first = await onDisk()
    await makeTopic(first.topics, 'orders')
    await makeTopic(first.topics, 'clicks')
    await commit(first.groups, 'g', 1, 'orders', 'a'.repeat(32))
    await commit(first.groups, 'g', 2, 'clicks', first.topics.byName('clicks')!.id)
    await first.close()
    const second = await onDisk()
    await second.loaded
    expect([await committed(second.groups, 'g'), await committed(second.groups, 'g', 'clicks')]).toEqual([-1, 2])
    await second.close()
  })

  it('a partition that nobody used has no folder', async () => {
    const broker = await onDisk()
    await committed(broker.groups, 'never committed')
    await broker.groups.describe('unknown')
    expect(offsetFolders()).toEqual([])
    await commit(broker.groups, 'g', 1)
    expect(offsetFolders()).toHaveLength(1)
    await broker.close()
  })

  it('is loading for the groups of partitions that are read back, and for them alone', async () => {
    const first = await onDisk()
    await makeTopic(first.topics, 'orders')
    await commit(first.groups, 'g', 1)
    await first.close()
    // A clock whose turns of I/O do not pass: reading back does not get on.
    const stuck: Platform = { ...nodePlatform, clock: { ...nodePlatform.clock, afterTurn() {} } }
    rmSync(joinPath(folder, 'internal', '__consumer_offsets', offsetFolders()[0]!, 'checkpoint'))
    const second = await onDisk({ platform: stuck })
    expect(await commit(second.groups, 'g', 2)).toEqual([ErrorCode.COORDINATOR_LOAD_IN_PROGRESS])
    expect((await second.groups.fetchOffsets('g', null)).errorCode).toBe(ErrorCode.COORDINATOR_LOAD_IN_PROGRESS)
    expect((await second.groups.list({ states: [], types: [] })).errorCode).toBe(ErrorCode.COORDINATOR_LOAD_IN_PROGRESS)
    expect(await second.groups.heartbeat({ groupId: 'g', memberId: 'm', generationId: 1, groupInstanceId: null }, never)).toBe(
      ErrorCode.NONE,
    )
    expect(await commit(second.groups, 'other', 2)).toEqual([ErrorCode.NONE])
    await second.close()
  })
})
