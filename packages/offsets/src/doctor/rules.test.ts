import { describe, expect, it } from 'vitest'
import type { PartitionLag } from '../lag/measure.ts'
import type { DescribedMember } from '../read/describe-groups.ts'
import type { ExaminedGroup, Facts } from './facts.ts'
import { judged } from './rules.ts'

const NOW = 1_700_000_000_000
const MINUTE = 60_000
const DAY = 86_400_000

const exact = (value: number) => ({ value, certainty: 'exact' as const, reason: null })

const partition: PartitionLag = {
  topic: 't',
  partition: 0,
  topicId: null,
  committed: 40,
  leaderEpoch: 3,
  metadata: '',
  start: 0,
  stable: 50,
  end: 50,
  lag: 10,
  doneAbove: 0,
  open: 10,
  reason: null,
  owner: null,
  error: null,
  committedAtMs: null,
  records: exact(10),
  ageMs: exact(1_000),
  spanMs: null,
  etaMs: null,
  runwayMs: null,
  handledPerSecond: null,
  arrivingPerSecond: null,
  recordError: null,
}

const member: DescribedMember = { memberId: 'm', clientId: 'c', host: '/h', instanceId: null, assignment: [], subscription: ['t'] }
const group: ExaminedGroup = {
  group: 'g',
  kind: 'classic',
  state: 'Empty',
  members: [],
  partitions: [partition],
  uncommitted: [],
  history: undefined,
  error: null,
}
const facts: Facts = {
  nowMs: NOW,
  brokers: 'kafka-1:9092,kafka-2:9092',
  groups: [group],
  epochEnds: new Map(),
  transactions: [],
  offsetsRetentionMs: 7 * DAY,
  metadataMax: 4_096,
  isMirrored: false,
  historyMissing: null,
}

const withPartition = (changed: Partial<PartitionLag>, ofGroup: Partial<ExaminedGroup> = {}): Facts => ({
  ...facts,
  groups: [{ ...group, ...ofGroup, partitions: [{ ...partition, ...changed }] }],
})
const withGroup = (changed: Partial<ExaminedGroup>): Facts => ({ ...facts, groups: [{ ...group, ...changed }] })
const committedAgo = (ms: number, emptyMs?: number) => ({
  emptySinceMs: emptyMs === undefined ? undefined : NOW - emptyMs,
  committedAtMs: new Map([['0/t', NOW - ms]]),
})
const owner = { memberId: 'm', clientId: 'c', host: '/h' }

it('a sound group has no findings', () => {
  expect(judged(facts)).toEqual([])
})

describe('each rule says what is wrong, and what mends it', () => {
  it.each<[string, string, Facts, string, string | null]>([
    [
      'beyond-end',
      'error',
      withPartition({ committed: 70, reason: 'beyond-end', lag: 0, open: 0 }),
      '20 beyond the end',
      'tidemark offsets move g --topic t:0 --to start',
    ],
    [
      'mirrored-literal',
      'error',
      { ...withPartition({ committed: 70, end: 0, reason: 'beyond-end', lag: 0, open: 0 }), isMirrored: true },
      'MirrorMaker 2',
      'tidemark offsets move g --topic t:0 --to start',
    ],
    [
      'rewritten-log',
      'error',
      { ...facts, epochEnds: new Map([['3@0/t', 35]]) },
      'ends at 35',
      'tidemark offsets move g --topic t:0 --to 35',
    ],
    [
      'below-start',
      'error',
      withPartition({ start: 45, reason: 'below-start', lag: 5, open: 5 }),
      '5 records were deleted unread',
      'tidemark offsets move g --topic t:0 --to start',
    ],
    [
      'deleted-topic',
      'warning',
      withPartition({ error: { code: 'UNKNOWN_TOPIC', message: 'gone' }, lag: null }),
      'does not exist',
      'tidemark offsets delete g --topic t',
    ],
    ['unreadable', 'error', withPartition({ error: { code: 'LEADER_NOT_AVAILABLE', message: 'no leader' }, lag: null }), 'no leader', null],
    ['unreadable', 'error', withGroup({ error: { code: 'GROUP_AUTHORIZATION_FAILED', message: 'not allowed' } }), 'not allowed', null],
    ['only-markers', 'notice', withPartition({ records: exact(0) }), 'holds no records', null],
    [
      'retention-near',
      'warning',
      withPartition({ lag: 1_701, runwayMs: { value: 10 * MINUTE, certainty: 'bounded', reason: 'by retention.ms' } }),
      'in 10 min (by retention.ms); 1,701 are unread',
      'tidemark lag g --watch',
    ],
    [
      'stalled',
      'warning',
      withPartition({ owner, ageMs: exact(10 * MINUTE) }, { members: [member], history: committedAgo(8 * MINUTE) }),
      'has committed nothing for 8 min',
      'tidemark peek g --topic t --partition 0',
    ],
    [
      'stuck-transaction',
      'warning',
      { ...facts, transactions: [{ topic: 't', partition: 0, producerId: '7', startOffset: 44, lastTimestampMs: NOW - 20 * MINUTE }] },
      'open since offset 44',
      'kafka-transactions.sh --bootstrap-server kafka-1:9092,kafka-2:9092 abort --topic t --partition 0 --start-offset 44',
    ],
    [
      'unsubscribed',
      'warning',
      withGroup({ members: [{ ...member, subscription: ['other'] }] }),
      'no member subscribes to it',
      'tidemark offsets delete g --topic t',
    ],
    [
      'without-commit',
      'warning',
      withGroup({ uncommitted: [{ topic: 't', partition: 1, records: 8 }] }),
      'its 8 records would be skipped',
      'tidemark offsets move g --topic t:1 --to start',
    ],
    [
      'expiring',
      'warning',
      withGroup({ history: committedAgo(9 * DAY, 6.5 * DAY) }),
      'is forgotten in 12 h',
      'tidemark offsets export g > g.json',
    ],
    [
      'metadata-near-limit',
      'warning',
      withPartition({ metadata: 'x'.repeat(4_000) }),
      '4,000 characters of metadata, of at most 4,096 (',
      'tidemark config set broker:all offset.metadata.max.bytes=8192',
    ],
  ])('%s', (rule, severity, wrong, message, command) => {
    const found = judged(wrong)
    expect(found).toHaveLength(1)
    expect(found[0]).toMatchObject({ rule, severity, group: 'g', command })
    expect(found[0]!.message).toContain(message)
  })

  it('what was not read is said', () => {
    expect(judged({ ...facts, historyMissing: 'no right' })).toMatchObject([{ rule: 'history-not-read', severity: 'notice', group: null }])
  })
})

describe('what only looks wrong is left alone', () => {
  it.each<[string, Facts]>([
    ['an epoch that ends above the offset', { ...facts, epochEnds: new Map([['3@0/t', 45]]) }],
    ['members that subscribe by an expression', withGroup({ members: [{ ...member, subscription: null }] })],
    [
      'a group that committed a minute ago',
      withPartition({ owner, ageMs: exact(10 * MINUTE) }, { members: [member], history: committedAgo(MINUTE) }),
    ],
    ['records that are new', withPartition({ owner, ageMs: exact(MINUTE) }, { members: [member], history: committedAgo(20 * MINUTE) })],
    [
      'a transaction of a minute',
      { ...facts, transactions: [{ topic: 't', partition: 0, producerId: '7', startOffset: 44, lastTimestampMs: NOW - MINUTE }] },
    ],
    ['a group that was emptied yesterday', withGroup({ history: committedAgo(9 * DAY, DAY) })],
    ['a group with members, however old its commits', withGroup({ members: [member], history: committedAgo(20 * DAY) })],
    ['metadata that fits itself into the limit', withPartition({ metadata: `tidemark/1 ${'x'.repeat(4_080)}` })],
  ])('%s', (_, sound) => {
    expect(judged(sound)).toEqual([])
  })
})

it('the worst comes first, then by group, topic and partition; names are quoted', () => {
  const wrong: Facts = {
    ...facts,
    groups: [
      { ...group, group: 'b', partitions: [{ ...partition, records: exact(0) }] },
      {
        ...group,
        group: "a's",
        partitions: [10, 2].map((number) => ({ ...partition, partition: number, start: 45, reason: 'below-start' as const })),
      },
    ],
  }
  expect(judged(wrong).map((it) => [it.severity, it.group, it.partition])).toEqual([
    ['error', "a's", 2],
    ['error', "a's", 10],
    ['notice', 'b', 0],
  ])
  expect(judged(wrong)[0]!.command).toBe("tidemark offsets move 'a'\\''s' --topic t:2 --to start")
})
