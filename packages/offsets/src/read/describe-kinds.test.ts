/** Bytes as Kafka 4.3.1's own classes write them. */
import { codecOf, DescribeShareGroupOffsetsResponse, Reader, StreamsGroupDescribeResponse } from '@tidemark/protocol'
import { expect, test } from 'vitest'
import { streamsGroup } from './describe-kinds.ts'

const STREAMS =
  '0000000002000000026707537461626c65000000010000000101000000030202300203696e010101000003026d0000000000000263032f6800000000027001026800090001010102023003000000000000000100010100010101000000026e0000000000000263032f68000000000270ff01010101010100010101000000800000000000'
const NO_TOPOLOGY = '0000000002000000026707537461626c650000000100000001ff01800000000000'
const SHARE = {
  0: '0000000002027302027400000000000000000000000000000000020000000100000000000000050000000200000000000000000000',
  1: '00000000020273020274000000000000000000000000000000000200000001000000000000000500000002000000000000000700000000000000000000',
}

const streamsOf = (hex: string) => codecOf(StreamsGroupDescribeResponse, 0).decode(new Reader(Buffer.from(hex, 'hex'))).groups[0]!

test('a member of a streams group owns, of each subtopology, its partitions of the source topics', () => {
  const group = streamsGroup(streamsOf(STREAMS))
  expect(group).toMatchObject({ group: 'g', kind: 'streams', state: 'Stable', protocol: null, error: null })
  expect(
    group.members.map(({ memberId, clientId, host, assignment, subscription }) => ({ memberId, clientId, host, assignment, subscription })),
  ).toEqual([
    {
      memberId: 'm',
      clientId: 'c',
      host: '/h',
      assignment: [
        { topic: 'in', partition: 0 },
        { topic: 'in', partition: 1 },
      ],
      subscription: ['in'],
    },
    { memberId: 'n', clientId: 'c', host: '/h', assignment: [], subscription: ['in'] },
  ])
  expect(streamsGroup(streamsOf(NO_TOPOLOGY)).members).toEqual([])
})

test.each([
  [0, -1],
  [1, 7],
] as const)('the offsets of a share group in version %d', (version, lag) => {
  const [group] = codecOf(DescribeShareGroupOffsetsResponse, version).decode(new Reader(Buffer.from(SHARE[version], 'hex'))).groups
  expect(group!.topics[0]!.partitions).toEqual([
    { partitionIndex: 1, startOffset: 5, leaderEpoch: 2, lag, errorCode: 0, errorMessage: null },
  ])
})
