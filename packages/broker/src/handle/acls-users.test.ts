/**
 * ACLs and users of SCRAM on the wire: the cases of Kafka's `AclApis`, `AclControlManagerTest` and
 * `ScramControlManagerTest`.
 */
import { apis, ErrorCode } from '@tidemark/protocol'
import { describe, expect, test } from 'vitest'
import { Operation, Pattern, Permission, Resource } from '../state/acls/codes.ts'
import type { RawClient } from '../testing/index.ts'
import { folder, nameOf, setUp } from '../testing/requests.case.ts'

const authorizer = { superUsers: ['User:ANONYMOUS'] }

const creation = (given: object = {}) => ({
  resourceType: Resource.TOPIC,
  resourceName: 'foo',
  resourcePatternType: Pattern.LITERAL,
  principal: 'User:alice',
  host: '*',
  operation: Operation.READ,
  permissionType: Permission.ALLOW,
  ...given,
})
const filter = (given: object = {}) => ({
  resourceTypeFilter: Resource.ANY,
  resourceNameFilter: null,
  patternTypeFilter: Pattern.ANY,
  principalFilter: null,
  hostFilter: null,
  operation: Operation.ANY,
  permissionType: Permission.ANY,
  ...given,
})

async function makeAcls(client: RawClient, ...creations: ReturnType<typeof creation>[]): Promise<string[]> {
  const { results } = await client.call(apis.CreateAcls, 3, { creations })
  return results.map(({ errorCode }) => nameOf(errorCode))
}

async function namesOfAcls(client: RawClient, given: object = {}, version = 3): Promise<string[]> {
  const { resources } = await client.call(apis.DescribeAcls, version, filter(given))
  return resources.flatMap(({ resourceName, acls }) => acls.map(({ principal }) => `${resourceName} ${principal}`)).sort()
}

async function deleteAcls(client: RawClient, ...filters: ReturnType<typeof filter>[]) {
  const { filterResults } = await client.call(apis.DeleteAcls, 3, { filters })
  return filterResults.map(({ errorCode, matchingAcls }) => [nameOf(errorCode), matchingAcls.length])
}

describe('ACLs', () => {
  test('those that are valid are made, each of the others is refused by itself, and one made twice is one', async () => {
    const { client } = await setUp({ authorizer })
    const made = await makeAcls(
      client,
      creation(),
      creation({ resourceName: '' }),
      creation({ resourceType: Resource.CLUSTER, resourceName: 'mine' }),
      creation({ principal: 'alice' }),
      creation({ operation: Operation.ANY }),
      creation(),
      creation({ resourceName: 'bar', operation: Operation.CLUSTER_ACTION }),
    )
    expect(made).toEqual(['NONE', 'INVALID_REQUEST', 'INVALID_REQUEST', 'INVALID_REQUEST', 'INVALID_REQUEST', 'NONE', 'NONE'])
    expect(await namesOfAcls(client)).toEqual(['bar User:alice', 'foo User:alice'])
  })

  test('two filters of one request may find the same; one that is invalid is refused by itself; the rest stay', async () => {
    const { client } = await setUp({ authorizer })
    await makeAcls(client, creation(), creation({ principal: 'User:bob' }), creation({ resourceName: 'bar' }))
    const deleted = await deleteAcls(
      client,
      filter({ resourceNameFilter: 'foo' }),
      filter({ resourceNameFilter: 'foo', principalFilter: 'User:bob' }),
      filter({ operation: 0 }),
      filter({ resourceNameFilter: 'none' }),
    )
    expect(deleted).toEqual([
      ['NONE', 2],
      ['NONE', 1],
      ['INVALID_REQUEST', 0],
      ['NONE', 0],
    ])
    expect(await namesOfAcls(client)).toEqual(['bar User:alice'])
  })

  test('version 0 knows literal names alone', async () => {
    const { client } = await setUp({ authorizer })
    await makeAcls(client, creation({ resourcePatternType: Pattern.PREFIXED, resourceName: 'pre' }), creation())
    expect(await namesOfAcls(client, { patternTypeFilter: Pattern.LITERAL }, 0)).toEqual(['foo User:alice'])
  })

  test('survive a restart', async () => {
    const data = folder()
    const { broker, client } = await setUp({ data, authorizer })
    await makeAcls(client, creation(), creation({ resourceName: 'bar' }))
    await deleteAcls(client, filter({ resourceNameFilter: 'bar' }))
    await broker.close()
    const next = await setUp({ data, authorizer })
    expect(await namesOfAcls(next.client)).toEqual(['foo User:alice'])
  })

  test('without an authorizer are disabled, in each of the three', async () => {
    const { client } = await setUp()
    expect(await makeAcls(client, creation(), creation())).toEqual(['SECURITY_DISABLED', 'SECURITY_DISABLED'])
    expect(await deleteAcls(client, filter())).toEqual([['SECURITY_DISABLED', 0]])
    expect(nameOf((await client.call(apis.DescribeAcls, 3, filter())).errorCode)).toBe('SECURITY_DISABLED')
  })
})

const SHA_256 = 1
const SHA_512 = 2
const upsertion = (name: string, given: object = {}) => ({
  name,
  mechanism: SHA_256,
  iterations: 4096,
  salt: Buffer.alloc(24, 1),
  saltedPassword: Buffer.alloc(32, 2),
  ...given,
})

describe('users of SCRAM', () => {
  async function alter(
    client: RawClient,
    upsertions: ReturnType<typeof upsertion>[],
    deletions: { name: string; mechanism: number }[] = [],
  ): Promise<Record<string, string>> {
    const { results } = await client.call(apis.AlterUserScramCredentials, 0, { deletions, upsertions })
    return Object.fromEntries(results.map(({ user, errorCode, errorMessage }) => [user, errorMessage ?? nameOf(errorCode)]))
  }

  async function described(client: RawClient, users: string[] | null): Promise<Record<string, string>> {
    const { results } = await client.call(apis.DescribeUserScramCredentials, 0, { users: users?.map((name) => ({ name })) ?? null })
    return Object.fromEntries(
      results.map(({ user, errorCode, credentialInfos }) => [
        user,
        errorCode === 0 ? credentialInfos.map(({ mechanism, iterations }) => `${mechanism}:${iterations}`).join() : nameOf(errorCode),
      ]),
    )
  }

  test('each is altered, or refused, by itself', async () => {
    const { client } = await setUp()
    const outcomes = await alter(
      client,
      [
        upsertion('ok'),
        upsertion(''),
        upsertion('few', { iterations: 4095 }),
        upsertion('most', { iterations: 16_384 }),
        upsertion('many', { iterations: 16_385 }),
        upsertion('strange', { mechanism: 3 }),
        upsertion('twice'),
        upsertion('twice'),
        upsertion('both'),
        upsertion('both', { mechanism: SHA_512, iterations: 8192 }),
        upsertion('strong', { mechanism: SHA_512, iterations: 8192 }),
      ],
      [
        { name: 'gone', mechanism: SHA_256 },
        { name: 'odd', mechanism: 0 },
      ],
    )
    expect(outcomes).toEqual({
      ok: 'NONE',
      '': 'Username must not be empty',
      few: 'Too few iterations',
      most: 'NONE',
      many: 'Too many iterations',
      strange: 'Unknown SCRAM mechanism',
      twice: 'A user credential cannot be altered twice in the same request',
      both: 'A user credential cannot be altered twice in the same request',
      strong: 'NONE',
      gone: 'Attempt to delete a user credential that does not exist',
      odd: 'Unknown SCRAM mechanism',
    })
    expect(await described(client, null)).toEqual({ ok: '1:4096', most: '1:16384', strong: '2:8192' })
  })

  test('are described by name: an unknown one and one asked for twice by their own errors; none means all', async () => {
    const { client } = await setUp()
    await alter(client, [upsertion('a'), upsertion('b')])
    expect(await described(client, ['a', 'none', 'b', 'b'])).toEqual({
      a: '1:4096',
      none: 'RESOURCE_NOT_FOUND',
      b: 'DUPLICATE_RESOURCE',
    })
    expect(Object.keys(await described(client, []))).toEqual(['a', 'b'])
  })

  // The time grew with the square of the names: the broker stood still for minutes.
  // Time that grows with their square is minutes for each of these.
  test('a hundred thousand names are answered, of users and of topics', { timeout: 60_000 }, async () => {
    const { client } = await setUp()
    const names = Array.from({ length: 100_000 }, (_, i) => `n${i}`)
    const topics = names.map((name) => ({ name, count: 2, assignments: null, partitions: [] }))
    const deletions = names.map((name) => ({ name, mechanism: SHA_256 }))
    expect(Object.keys(await described(client, names))).toHaveLength(names.length)
    expect(Object.keys(await alter(client, [], deletions))).toHaveLength(names.length)
    const grown = await client.call(apis.CreatePartitions, 3, { topics, timeoutMs: 1_000, validateOnly: true })
    expect(grown.results).toHaveLength(names.length)
    const deleted = await client.call(apis.OffsetDelete, 0, { groupId: 'g', topics })
    expect(deleted.errorCode).toBe(ErrorCode.GROUP_ID_NOT_FOUND)
  })

  test('one mechanism is deleted, and the other stays', async () => {
    const { client } = await setUp()
    await alter(client, [upsertion('a')])
    await alter(client, [upsertion('a', { mechanism: SHA_512 })])
    expect(await alter(client, [], [{ name: 'a', mechanism: SHA_256 }])).toEqual({ a: 'NONE' })
    expect(await described(client, ['a'])).toEqual({ a: '2:4096' })
    expect(await alter(client, [upsertion('a')], [{ name: 'a', mechanism: SHA_256 }])).toEqual({
      a: 'A user credential cannot be altered twice in the same request',
    })
  })

  test('survive a restart', async () => {
    const data = folder()
    const { broker, client } = await setUp({ data })
    await alter(client, [upsertion('a'), upsertion('b')])
    await alter(client, [], [{ name: 'b', mechanism: SHA_256 }])
    await broker.close()
    const next = await setUp({ data })
    expect(await described(next.client, null)).toEqual({ a: '1:4096' })
  })
})
