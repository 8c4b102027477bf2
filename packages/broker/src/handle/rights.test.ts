/**
 * What a principal may not do, no version of any API lets it do: every handler, in every version, asked by those who
 * may do nothing, by those who may do one thing, and by those who may do anything. What each API needs is written here
 * as Kafka's documentation has it ("Authorization using ACLs"), and not read from the table that is tested.
 */
import { type Api, apis, encodeRequest, type Infer } from '@tidemark/protocol'
import fc from 'fast-check'
import { beforeAll, describe, expect, test } from 'vitest'
import { arbitraryOf } from '../../../protocol/src/testing/arbitrary.ts'
import { Operation, Permission, Resource, SUPPORTED } from '../state/acls/codes.ts'
import { batchOf, type RawClient } from '../testing/index.ts'
import { connect, create, setUp } from '../testing/requests.case.ts'
import { byPlain, connectAs } from '../testing/sasl.case.ts'
import { createWorld, GROUP, grant, isRefused, namingRequest, revoke, SECRET, stateOf, TOPIC, type World } from '../testing/world.case.ts'
import { allHandlers } from './all.ts'

/** Anybody may say who they are. */
const OPEN: ReadonlySet<number> = new Set([apis.SaslHandshake.key, apis.SaslAuthenticate.key, apis.ApiVersions.key])

const { advertised } = allHandlers()
const served = Object.values(apis as Readonly<Record<string, Api>>).flatMap((api) => {
  const range = advertised.find(({ apiKey }) => apiKey === api.key)
  if (range === undefined || OPEN.has(api.key)) return []
  // Produce 0 to 2 are advertised for old clients, and not served.
  const min = api.key === apis.Produce.key ? 3 : range.minVersion
  return [{ api, versions: Array.from({ length: range.maxVersion - min + 1 }, (_, i) => min + i) }]
})

/** The answer, as bytes; undefined: the connection was closed. */
async function ask(client: RawClient, api: Api, version: number, body: unknown): Promise<Buffer | undefined> {
  return Promise.race([client.send(api, version, body as never), client.closed.then(() => undefined)])
}

const canBeSent = (api: Api, version: number, body: unknown): boolean => {
  try {
    encodeRequest(api, version, 1, 'x', body as never)
    return true
  } catch {
    // A null where the version knows none.
    return false
  }
}

const TOPIC_NAMES = new Set(['name', 'topic', 'topicName', 'resourceName', 'resourceNameFilter'])
const GROUP_NAMES = new Set(['groupId', 'key', 'groups', 'groupsNames', 'coordinatorKeys'])

/** The drawn request, now of what there is: by name, or (where it has ids) by id. */
function naming(value: unknown, topicId: string, by: 'name' | 'id' | 'nothing', field = ''): unknown {
  if (Array.isArray(value)) return value.map((it) => naming(it, topicId, by, field))
  if (Buffer.isBuffer(value)) return value
  if (typeof value === 'object' && value !== null)
    return Object.fromEntries(Object.entries(value).map(([name, it]) => [name, naming(it, topicId, by, name)]))
  if (/(WaitMs|imeoutMs)$/.test(field)) return 10
  if (field === 'acks') return -1
  if (/^partition(Index|Indexes|s)?$|^index$/.test(field) && typeof value === 'number') return 0
  if (by === 'nothing') return value
  if (field === 'topicId') return by === 'id' ? topicId : '0'.repeat(32)
  if (TOPIC_NAMES.has(field) || field === 'topicNames') return by === 'id' ? null : TOPIC
  return GROUP_NAMES.has(field) && typeof value === 'string' ? GROUP : value
}

const DRAWN = 12

function drawn(api: Api, version: number, topicId: string): { readonly by: 'name' | 'id' | 'nothing'; readonly body: unknown }[] {
  const samples = fc.sample(arbitraryOf(api.request, version), { numRuns: DRAWN, seed: api.key * 100 + version })
  return samples.flatMap((body) =>
    (['name', 'id', 'nothing'] as const)
      .map((by) => ({ by, body: naming(body, topicId, by) }))
      .filter((it) => canBeSent(api, version, it.body)),
  )
}

describe.each(['alice', 'mallory'] as const)('who may do nothing: %s', (user) => {
  test('changes nothing and sees nothing, in any version of any API', { timeout: 60_000 }, async () => {
    const world = await createWorld()
    if (user === 'mallory') await denyEverything(world, user)
    const before = await stateOf(world)
    const id = Buffer.from(world.topicId, 'hex')
    let client = await connect(world.broker)
    await byPlain(client, user, { alice: 'wonderland', mallory: 'mallory' }[user])
    let asked = 0
    for (const { api, versions } of served) {
      for (const version of versions) {
        const named = { by: 'both' as const, body: namingRequest(api, version, world) }
        for (const { by, body } of [named, ...drawn(api, version, world.topicId)]) {
          if (body === undefined) continue
          const answer = await ask(client, api, version, body)
          asked++
          const what = `${api.name} ${version} ${by}`
          if (answer === undefined) {
            client = await connectAs(world.broker, user, { alice: 'wonderland', mallory: 'mallory' }[user])
            continue
          }
          expect(answer.includes(SECRET), what).toBe(false)
          if (by === 'name' || by === 'nothing') expect(answer.includes(id), what).toBe(false)
          if (by === 'id' || by === 'nothing') expect(answer.includes(TOPIC), what).toBe(false)
        }
      }
    }
    expect(asked).toBeGreaterThan(1_000)
    expect(await stateOf(world)).toEqual(before)
  })
})

async function denyEverything({ root }: World, user: string): Promise<void> {
  for (const type of [Resource.TOPIC, Resource.GROUP, Resource.CLUSTER, Resource.TRANSACTIONAL_ID]) {
    await grant(root, `User:${user}`, type, Operation.ALL, Permission.ALLOW)
    await grant(root, 'User:*', type, Operation.ALL, Permission.DENY)
  }
}

const { READ, WRITE, CREATE, DELETE, ALTER, DESCRIBE, DESCRIBE_CONFIGS, ALTER_CONFIGS, IDEMPOTENT_WRITE, CLUSTER_ACTION } = Operation
type Right = readonly [type: number, operation: number]
const topic = (operation: number): Right => [Resource.TOPIC, operation]
const group = (operation: number): Right => [Resource.GROUP, operation]
const cluster = (operation: number): Right => [Resource.CLUSTER, operation]

/** Each of which is enough; of those in brackets within, all together. */
const needs: Readonly<Record<string, readonly (readonly Right[])[]>> = {
  Produce: [[topic(WRITE)]],
  Fetch: [[topic(READ)]],
  ListOffsets: [[topic(DESCRIBE)]],
  Metadata: [[topic(DESCRIBE)]],
  OffsetCommit: [[group(READ), topic(READ)]],
  OffsetFetch: [[group(DESCRIBE), topic(DESCRIBE)]],
  FindCoordinator: [[group(DESCRIBE)]],
  JoinGroup: [[group(READ)]],
  Heartbeat: [[group(READ)]],
  LeaveGroup: [[group(READ)]],
  SyncGroup: [[group(READ)]],
  DescribeGroups: [[group(DESCRIBE)]],
  CreateTopics: [[cluster(CREATE)], [topic(CREATE)]],
  DeleteTopics: [[cluster(DELETE)], [topic(DELETE)]],
  DeleteRecords: [[topic(DELETE)]],
  InitProducerId: [[cluster(IDEMPOTENT_WRITE)], [topic(WRITE)]],
  OffsetForLeaderEpoch: [[topic(DESCRIBE)], [cluster(CLUSTER_ACTION)]],
  DescribeAcls: [[cluster(DESCRIBE)]],
  CreateAcls: [[cluster(ALTER)]],
  DeleteAcls: [[cluster(ALTER)]],
  DescribeConfigs: [[topic(DESCRIBE_CONFIGS)]],
  AlterConfigs: [[topic(ALTER_CONFIGS)]],
  IncrementalAlterConfigs: [[topic(ALTER_CONFIGS)]],
  AlterReplicaLogDirs: [[cluster(ALTER)]],
  DescribeLogDirs: [[cluster(DESCRIBE)]],
  CreatePartitions: [[topic(ALTER)]],
  DeleteGroups: [[group(DELETE)]],
  ElectLeaders: [[cluster(ALTER)]],
  AlterPartitionReassignments: [[cluster(ALTER)]],
  ListPartitionReassignments: [[cluster(DESCRIBE)]],
  OffsetDelete: [[group(DELETE), topic(READ)]],
  DescribeClientQuotas: [[cluster(DESCRIBE_CONFIGS)]],
  AlterClientQuotas: [[cluster(ALTER_CONFIGS)]],
  DescribeUserScramCredentials: [[cluster(DESCRIBE)]],
  AlterUserScramCredentials: [[cluster(ALTER)]],
  DescribeQuorum: [[cluster(DESCRIBE)]],
  UpdateFeatures: [[cluster(ALTER)]],
  DescribeProducers: [[topic(READ)]],
  UnregisterBroker: [[cluster(ALTER)]],
  ListConfigResources: [[cluster(DESCRIBE_CONFIGS)]],
  DescribeTopicPartitions: [[topic(DESCRIBE)]],
  // They leave out what may not be seen, or show nothing of topics and groups.
  ListGroups: [[]],
  DescribeCluster: [[]],
  GetTelemetrySubscriptions: [[]],
  PushTelemetry: [[]],
}

const IMPLIED: Readonly<Record<number, readonly number[]>> = {
  [DESCRIBE]: [READ, WRITE, DELETE, ALTER],
  [DESCRIBE_CONFIGS]: [ALTER_CONFIGS],
}
const gives = ([type, operation]: Right, [wantedType, wanted]: Right): boolean =>
  type === wantedType && (operation === wanted || operation === Operation.ALL || (IMPLIED[wanted]?.includes(operation) ?? false))
const isEnough = (rights: readonly Right[], api: Api): boolean =>
  needs[api.name]!.some((all) => all.every((wanted) => rights.some((right) => gives(right, wanted))))

const nameOfRight = ([type, operation]: Right): string =>
  `${Object.entries(Resource).find(([, code]) => code === type)![0]} ${Object.entries(Operation).find(([, code]) => code === operation)![0]}`
const single: readonly (readonly Right[])[] = [Resource.TOPIC, Resource.GROUP, Resource.CLUSTER].flatMap((type) =>
  [Operation.ALL, ...SUPPORTED[type]!].map((operation): Right[] => [[type, operation]]),
)
const pairs: readonly (readonly Right[])[] = [
  [group(READ), topic(READ)],
  [group(DESCRIBE), topic(DESCRIBE)],
  [group(DELETE), topic(READ)],
]

/** Before version 3 the answer has no place for an error. */
const isSilent = (api: Api, version: number, answer: object): boolean =>
  api.key === apis.DescribeLogDirs.key && version < 3 && 'results' in answer && (answer.results as unknown[]).length === 0

describe('who may do one thing', () => {
  let world: World
  beforeAll(async () => {
    expect(Object.keys(needs).sort()).toEqual(served.map(({ api }) => api.name).sort())
  })

  test.each([...single, ...pairs].map((rights) => [rights.map(nameOfRight).join(' and '), rights] as const))('%s', async (_, rights) => {
    world = await createWorld()
    for (const [type, operation] of rights) await grant(world.root, 'User:alice', type, operation)
    const alice = await connectAs(world.broker, 'alice', 'wonderland')
    const before = await stateOf(world)
    const told = async (isAllowed: boolean): Promise<string[]> => {
      const wrong: string[] = []
      for (const { api, versions } of served) {
        if (isEnough(rights, api) !== isAllowed) continue
        for (const version of versions) {
          const body = namingRequest(api, version, world)
          if (body === undefined) continue
          const answer = await alice.call(api, version, body as never)
          if ((isRefused(answer) || isSilent(api, version, answer)) === isAllowed) wrong.push(`${api.name} ${version}`)
        }
      }
      return wrong
    }
    expect(await told(false)).toEqual([])
    expect(await stateOf(world)).toEqual(before)
    expect(await told(true)).toEqual([])
    await revoke(world.root, 'User:alice')
    expect(isRefused(await alice.call(apis.ListOffsets, 9, namingRequest(apis.ListOffsets, 9, world) as never))).toBe(true)
  })
})

describe('what a client may do with what it is told of (KIP-430)', () => {
  const bits = (...operations: number[]): number => operations.reduce((all, operation) => all | (1 << operation), 0)
  const NOT_ASKED = -2_147_483_648

  async function told(client: RawClient, includes: boolean) {
    const asked = { includeTopicAuthorizedOperations: includes, includeClusterAuthorizedOperations: includes }
    const metadata = await client.call(apis.Metadata, 8, { ...asked, topics: [{ name: TOPIC }], allowAutoTopicCreation: false })
    const { groups } = await client.call(apis.DescribeGroups, 5, { groups: [GROUP], includeAuthorizedOperations: includes })
    const { clusterAuthorizedOperations } = await client.call(apis.DescribeCluster, 2, { includeClusterAuthorizedOperations: includes })
    const { topics } = await client.call(apis.DescribeTopicPartitions, 0, { topics: [{ name: TOPIC }], cursor: null })
    return {
      topic: metadata.topics[0]!.topicAuthorizedOperations,
      cluster: [metadata.clusterAuthorizedOperations, clusterAuthorizedOperations],
      group: groups[0]!.authorizedOperations,
      always: topics[0]!.topicAuthorizedOperations,
    }
  }

  test('is told where it asks, and of DescribeTopicPartitions always', async () => {
    const { root, broker } = await createWorld()
    await grant(root, 'User:alice', Resource.TOPIC, READ)
    await grant(root, 'User:alice', Resource.GROUP, DELETE)
    const alice = await connectAs(broker, 'alice', 'wonderland')
    const topicBits = bits(READ, DESCRIBE)
    expect(await told(alice, true)).toEqual({ topic: topicBits, cluster: [0, 0], group: bits(DELETE, DESCRIBE), always: topicBits })
    expect(await told(alice, false)).toEqual({
      topic: NOT_ASKED,
      cluster: [NOT_ASKED, NOT_ASKED],
      group: NOT_ASKED,
      always: topicBits,
    })
    await grant(root, 'User:alice', Resource.CLUSTER, ALTER)
    expect((await told(alice, true)).cluster).toEqual([bits(ALTER, DESCRIBE), bits(ALTER, DESCRIBE)])
    await revoke(root, 'User:alice')
    expect(await told(alice, true)).toEqual({ topic: NOT_ASKED, cluster: [0, 0], group: NOT_ASKED, always: NOT_ASKED })
  })

  test('without an authorizer is all that there is to do', async () => {
    const { client } = await setUp()
    await create(client, TOPIC)
    const all = (type: number): number => bits(...SUPPORTED[type]!)
    expect(await told(client, true)).toEqual({
      topic: all(Resource.TOPIC),
      cluster: [all(Resource.CLUSTER), all(Resource.CLUSTER)],
      group: all(Resource.GROUP),
      always: all(Resource.TOPIC),
    })
  })
})

test('who may see some topics is told of those alone, page after page (DescribeTopicPartitions)', async () => {
  const { root, broker } = await createWorld()
  for (const name of ['named-a', 'named-b', 'named-c', `named_${SECRET}`, 'other']) await create(root, name)
  await grant(root, 'User:alice', Resource.TOPIC, DESCRIBE)
  const alice = await connectAs(broker, 'alice', 'wonderland')
  const seen: (string | null)[] = []
  let cursor: { topicName: string; partitionIndex: number } | null = null
  do {
    const answer: Infer<typeof apis.DescribeTopicPartitions.response> = await alice.call(apis.DescribeTopicPartitions, 0, {
      topics: [],
      responsePartitionLimit: 1,
      cursor,
    })
    seen.push(...answer.topics.map(({ name }) => name))
    cursor = answer.nextCursor
    expect(cursor?.topicName ?? 'named-').toMatch(/^named-/)
  } while (cursor !== null)
  expect(seen).toEqual(['named-a', 'named-b', 'named-c', TOPIC])
})

test('who may see a group, and not its topics, is told no offset, in any version (OffsetFetch)', async () => {
  const { root, broker, topicId } = await createWorld()
  await grant(root, 'User:alice', Resource.GROUP, DESCRIBE)
  const alice = await connectAs(broker, 'alice', 'wonderland')
  const { versions } = served.find(({ api }) => api.key === apis.OffsetFetch.key)!
  for (const version of versions) {
    // Before, no list asks for all of them.
    if (version < 2) continue
    const body = version < 8 ? { groupId: GROUP, topics: null } : { groups: [{ groupId: GROUP, topics: null }] }
    const answer = await alice.send(apis.OffsetFetch, version, body as never)
    expect(answer.includes(TOPIC) || answer.includes(SECRET) || answer.includes(Buffer.from(topicId, 'hex')), `${version}`).toBe(false)
  }
})

test('a Produce that asks for no answer, and is refused, ends its connection (acks=0)', async () => {
  const { broker } = await createWorld()
  for (const transactionalId of [null, 'named-id']) {
    const alice = await connectAs(broker, 'alice', 'wonderland')
    const topicData = [{ name: TOPIC, partitionData: [{ index: 0, records: batchOf() }] }]
    void alice.send(apis.Produce, 9, { acks: 0, timeoutMs: 100, transactionalId, topicData })
    await alice.closed
    expect(alice.order.length).toBe(2)
  }
})

test('who may make a topic, and not see its configuration, is told nothing of it (CreateTopics)', async () => {
  const { root, broker } = await createWorld()
  await grant(root, 'User:alice', Resource.TOPIC, CREATE)
  const alice = await connectAs(broker, 'alice', 'wonderland')
  const make = async (name: string) => {
    const topics = [{ name, numPartitions: 3, replicationFactor: 1, assignments: [], configs: [] }]
    return (await alice.call(apis.CreateTopics, 7, { topics, timeoutMs: 100, validateOnly: false })).topics[0]!
  }
  expect(await make('named-x')).toMatchObject({ errorCode: 0, topicConfigErrorCode: 29, numPartitions: -1, configs: [] })
  await grant(root, 'User:alice', Resource.TOPIC, DESCRIBE_CONFIGS)
  expect(await make('named-y')).toMatchObject({ errorCode: 0, topicConfigErrorCode: 0, numPartitions: 3 })
})

test('a super user is refused nothing, whatever is denied', async () => {
  const world = await createWorld()
  await denyEverything(world, 'root')
  for (const { api, versions } of served) {
    for (const version of versions) {
      const body = namingRequest(api, version, world)
      if (body !== undefined) expect(isRefused(await world.root.call(api, version, body as never)), `${api.name} ${version}`).toBe(false)
    }
  }
})
