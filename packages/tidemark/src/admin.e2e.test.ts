/** Administration against our own broker over real sockets: the library, and the command line in real processes. */
import type { ChildProcess } from 'node:child_process'
import { startBroker } from '@tidemark/broker'
import { createAdmin, createKafka, createProducer } from '@tidemark/client'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { endAll, type Outcome, tidemark, up } from './testing/command.ts'

let address: string
let child: ChildProcess
beforeAll(async () => {
  ;({ child, address } = await up('--memory'))
})
afterAll(endAll)

async function withAdmin<T>(act: (admin: ReturnType<typeof createAdmin>, kafka: ReturnType<typeof createKafka>) => Promise<T>): Promise<T> {
  await using kafka = createKafka({ brokers: [address] })
  return await act(createAdmin(kafka), kafka)
}

async function write(topic: string, values: readonly string[]): Promise<void> {
  await withAdmin(async (_, kafka) => {
    await using producer = createProducer(kafka)
    await producer.send(
      topic,
      values.map((value) => ({ value, partition: 0 })),
    )
  })
}

const ask = (...args: string[]): Promise<Outcome> => tidemark([...args, '-b', address])

describe('the library', () => {
  test('alters the configuration of a topic, and says where values come from', async () => {
    await withAdmin(async ({ topics, configs }) => {
      await topics.create('c', { configs: { 'retention.ms': '5000' } })
      const find = async (name: string) => (await topics.describeConfigs('c')).find((config) => config.name === name)
      expect(await find('retention.ms')).toMatchObject({ value: '5000', source: 'topic', isDefault: false, type: 'long' })
      await topics.alter('c', { 'retention.ms': null, 'cleanup.policy': { append: ['compact'] } })
      expect(await find('retention.ms')).toMatchObject({ source: 'default', isDefault: true })
      expect(await find('cleanup.policy')).toMatchObject({ value: 'delete,compact' })
      await topics.alter('c', { 'segment.bytes': '2000' }, { validateOnly: true })
      expect(await find('segment.bytes')).toMatchObject({ isDefault: true })
      await expect(topics.alter('c', { 'no.such': '1' })).rejects.toMatchObject({ code: 'INVALID_CONFIG' })
      await expect(topics.alter('nowhere', { 'retention.ms': '1' })).rejects.toMatchObject({ code: 'UNKNOWN_TOPIC' })
      await expect(topics.alter('c', {})).rejects.toMatchObject({ code: 'NOTHING_TO_DO' })
      await expect(topics.alter('c', { 'retention.ms': 5 as never })).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' })
      await configs.alter({ type: 'group', name: 'g' }, { 'consumer.session.timeout.ms': '50000' })
      expect(await configs.list(['group'])).toEqual([{ type: 'group', name: 'g' }])
      expect((await configs.describe({ type: 'broker', name: '1' })).find(({ name }) => name === 'node.id')).toMatchObject({
        value: '1',
        readOnly: true,
      })
    })
  })

  test('adds partitions, and deletes records below offsets, times and the end', async () => {
    await withAdmin(async ({ topics }) => {
      await topics.create('p', { partitions: 1 })
      await write('p', ['a', 'b', 'c', 'd'])
      await topics.addPartitions('p', 3)
      expect((await topics.describe('p')).partitions.length).toBe(3)
      await expect(topics.addPartitions('p', 3)).rejects.toMatchObject({ code: 'INVALID_PARTITIONS' })
      await expect(topics.addPartitions('nowhere', 3)).rejects.toMatchObject({ code: 'UNKNOWN_TOPIC' })
      expect(await topics.deleteRecords('p', { 0: 1 })).toEqual([{ topic: 'p', partition: 0, start: 1 }])
      await expect(topics.deleteRecords('p', { 0: 9 })).rejects.toMatchObject({ code: 'OFFSET_OUT_OF_RANGE', partition: 0 })
      await expect(topics.deleteRecords('p', { 7: 0 })).rejects.toMatchObject({ code: 'UNKNOWN_PARTITION' })
      await expect(topics.deleteRecords('p', { 0: -1 })).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' })
      expect((await topics.deleteRecords('p', new Date(0))).map(({ start }) => start)).toEqual([1, 0, 0])
      expect((await topics.deleteRecords('p', 'latest')).map(({ start }) => start)).toEqual([4, 0, 0])
    })
  })

  test('sets, resets and forgets the offsets of a group, and deletes the group', async () => {
    await withAdmin(async ({ topics, groups }) => {
      await topics.create('o', { partitions: 2 })
      await write('o', ['a', 'b', 'c'])
      await groups.setOffsets('g', [{ topic: 'o', partition: 0, offset: 2, metadata: 'by hand', leaderEpoch: 0 }])
      expect(await groups.offsets('g')).toEqual([{ topic: 'o', partition: 0, offset: 2, metadata: 'by hand', leaderEpoch: 0 }])
      expect(await groups.resetOffsets('g', 'earliest')).toEqual([{ topic: 'o', partition: 0, offset: 0 }])
      expect(await groups.resetOffsets('g', new Date(Date.now() + 1e6), { topics: ['o'] })).toMatchObject([{ offset: 3 }, { offset: 0 }])
      await groups.deleteOffsets('g', [{ topic: 'o', partition: 1 }])
      expect((await groups.offsets('g')).map(({ partition }) => partition)).toEqual([0])
      await expect(groups.setOffsets('g', [{ topic: 'o', partition: 0, offset: -1 }])).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' })
      await expect(groups.setOffsets('g', [])).rejects.toMatchObject({ code: 'NOTHING_TO_DO' })
      await expect(groups.resetOffsets('nobody', 'latest')).rejects.toMatchObject({ code: 'NOTHING_TO_DO' })
      await expect(groups.deleteOffsets('nobody', [{ topic: 'o', partition: 0 }])).rejects.toMatchObject({ code: 'UNKNOWN_GROUP' })
      await groups.delete('g')
      await expect(groups.delete('g')).rejects.toMatchObject({ code: 'UNKNOWN_GROUP' })
    })
  })

  test('describes the cluster, its features, quorum, log directories, producers and quotas', async () => {
    await withAdmin(async ({ topics, cluster, quotas }) => {
      await topics.create('d')
      await write('d', ['x'.repeat(1000)])
      const { clusterId, controller, nodes } = await cluster.describe()
      expect(clusterId).toHaveLength(22)
      expect([controller, nodes.length, nodes[0]!.id]).toEqual([1, 1, 1])
      expect((await cluster.features()).map(({ name }) => name)).toEqual(['metadata.version'])
      expect(await cluster.quorum()).toMatchObject({ leader: 1, voters: [{ id: 1 }] })
      const [dir] = await cluster.logDirs()
      expect(dir!.partitions.find(({ topic }) => topic === 'd')!.bytes).toBeGreaterThan(1000)
      expect((await cluster.producers('d', 0)).length).toBe(1)
      await quotas.alter({ clientId: 'slow' }, { producer_byte_rate: 1_000_000 })
      expect(await quotas.list()).toEqual([{ entity: { clientId: 'slow' }, limits: { producer_byte_rate: 1_000_000 } }])
      await quotas.alter({ clientId: 'slow' }, { producer_byte_rate: null })
      expect(await quotas.list()).toEqual([])
      await expect(quotas.alter({}, { producer_byte_rate: 1 })).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' })
      await expect(quotas.alter({ user: 'u' }, { nonsense: 1 })).rejects.toMatchObject({ code: 'INVALID_REQUEST' })
    })
  })
})

describe('users and ACLs on the command line', () => {
  test('users are added, listed and removed; the password never stands on the command line', async () => {
    const added = await tidemark(['user', 'add', 'billing', '--password-stdin', '-b', address], 'secret\n')
    expect(added).toMatchObject({ code: 0, stdout: '', stderr: 'user billing can log in with scram-sha-512\n' })
    expect((await ask('user', 'list')).stdout).toMatch(/billing +scram-sha-512 +8192/)
    expect(await ask('user', 'add', 'billing')).toMatchObject({ code: 2, stderr: expect.stringContaining('--password-stdin') })
    expect(await ask('user', 'remove', 'billing')).toMatchObject({ code: 3 })
    expect(await ask('user', 'remove', 'billing', '--yes')).toMatchObject({ code: 0 })
    expect(await ask('user', 'remove', 'billing', '--yes')).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('user billing has no credentials'),
    })
  })

  test('ACLs of a broker without an authorizer cannot be had, and what is not named is asked for', async () => {
    expect(await ask('acl', 'list')).toMatchObject({ code: 1, stderr: expect.stringContaining('SECURITY_DISABLED') })
    expect(await ask('acl', 'add', '--allow', 'User:a', '--operation', 'read')).toMatchObject({ code: 2 })
    expect(await ask('acl', 'add', '--operation', 'read', '--topic', 't')).toMatchObject({ code: 2 })
    expect(await ask('acl', 'add', '--allow', 'User:a', '--operation', 'sing', '--topic', 't')).toMatchObject({ code: 2 })
    expect(await ask('acl', 'remove', '--yes')).toMatchObject({ code: 2 })
  })

  test('ACLs are added, listed and removed', async () => {
    const broker = await startBroker({ data: ':memory:', authorizer: { superUsers: ['User:ANONYMOUS'] } })
    const of = (...args: string[]): Promise<Outcome> => tidemark([...args, '-b', broker.brokers[0]!])
    const wish = ['--allow', 'User:app', '--operation', 'read,describe-configs', '--topic', 'app.', '--prefixed']
    expect(await of('acl', 'add', ...wish)).toMatchObject({ code: 0, stderr: 'added 2 ACLs\n' })
    expect(JSON.parse((await of('acl', 'list', '--topic', 'app.orders', '-o', 'json')).stdout)).toMatchObject([
      { operation: 'describeConfigs' },
      { principal: 'User:app', host: '*', permission: 'allow', operation: 'read', resource: 'topic', name: 'app.', pattern: 'prefixed' },
    ])
    expect(await of('acl', 'remove', '--principal', 'User:app')).toMatchObject({ code: 3 })
    expect(await of('acl', 'remove', '--principal', 'User:app', '--yes')).toMatchObject({ code: 0, stderr: 'removed 2 ACLs\n' })
    expect(await of('acl', 'list')).toMatchObject({ code: 0, stdout: '' })
    await broker.close()
  })
})

describe('quotas on the command line', () => {
  const entity = ['--user', 'app', '--client-id-default']

  test('are set, listed and removed; without --yes nothing is removed (exit code 3)', async () => {
    const set = ['quota', 'set', ...entity, 'producer_byte_rate=1000000', 'request_percentage=12.5']
    const text = (verb: string, was: string) =>
      ['producer_byte_rate', 'request_percentage']
        .map((name, i) => `user app, client id <default>: ${name} ${verb} ${[1_000_000, 12.5][i]} (${was})\n`)
        .join('')
    expect(await ask(...set, '--dry-run')).toEqual({
      code: 3,
      stdout: '',
      stderr: `${text('would be', 'no limit before')}nothing was changed: --dry-run\n`,
    })
    expect(await ask('quota', 'list')).toMatchObject({ code: 0, stdout: '', stderr: 'there are no such quotas\n' })
    expect(await ask(...set)).toEqual({ code: 0, stdout: '', stderr: text('is', 'no limit before') })
    expect(await ask('quota', 'set', ...entity, 'producer_byte_rate=5')).toMatchObject({
      stderr: 'user app, client id <default>: producer_byte_rate is 5 (1000000 before)\n',
    })
    expect(await ask('quota', 'set', '--user', 'big', 'producer_byte_rate=1e9')).toMatchObject({
      code: 0,
      stderr: expect.stringContaining('is 1000000000 '),
    })
    expect(await ask('quota', 'remove', '--user', 'big', '--yes')).toMatchObject({ code: 0 })
    expect(await ask('quota', 'set', '--ip', 'no such host', 'connection_creation_rate=10')).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('no such host is not a valid IP or resolvable host'),
    })
    expect(await ask('quota', 'set', '--ip', 'localhost', 'connection_creation_rate=1000')).toMatchObject({ code: 0 })
    expect(await ask('quota', 'remove', '--ip', 'localhost', '--yes')).toMatchObject({ code: 0 })
    expect(await ask('quota', 'set', '--ip', '10.0.0.7', 'connection_creation_rate=10')).toMatchObject({ code: 0 })
    expect(JSON.parse((await ask('quota', 'list', '--user', 'app', '-o', 'json')).stdout)).toEqual([
      { entity: { user: 'app', clientId: null }, limit: 'producer_byte_rate', value: 5 },
      { entity: { user: 'app', clientId: null }, limit: 'request_percentage', value: 12.5 },
    ])
    expect((await ask('quota', 'list', '-o', 'csv')).stdout).toBe(
      'user,clientId,ip,limit,value\n,,10.0.0.7,connection_creation_rate,10\napp,<default>,,producer_byte_rate,5\napp,<default>,,request_percentage,12.5\n',
    )
    const preview = await ask('quota', 'remove', ...entity, 'producer_byte_rate')
    expect(preview).toMatchObject({ code: 3, stderr: 'nothing was changed: add --yes to do it\n' })
    expect(preview.stdout).toMatch(/app +<default> +- +producer_byte_rate +5\n$/)
    expect(await ask('quota', 'remove', ...entity, 'consumer_byte_rate', '--yes')).toMatchObject({
      code: 1,
      stderr: 'tidemark: user app, client id <default> has no quota consumer_byte_rate\n',
    })
    expect(await ask('quota', 'remove', ...entity, '--yes')).toMatchObject({
      code: 0,
      stderr: 'removed 2 limits of user app, client id <default>\n',
    })
    expect(await ask('quota', 'remove', '--user', 'app', '--yes')).toMatchObject({ code: 1, stderr: 'tidemark: user app has no quota\n' })
    expect((await ask('quota', 'list', '-o', 'csv')).stdout.split('\n')).toHaveLength(3)
  })

  test.each([
    [['set', 'producer_byte_rate=1'], 'name whose: --user, --client-id or --ip'],
    [['set', '--user', 'a', '--user-default', 'producer_byte_rate=1'], '--user and --user-default exclude each other'],
    [['set', '--user', '', 'producer_byte_rate=1'], '--user is empty; the default of all is --user-default'],
    [['set', '--user', 'a', '--ip', '::1', 'producer_byte_rate=1'], 'leave out --ip, or the others'],
    [['set', '--user', 'a', 'byte_rate=1'], "no limit 'byte_rate' for a user or a client id; there are producer_byte_rate,"],
    [['set', '--ip-default', 'producer_byte_rate=1'], 'for an address; there is connection_creation_rate'],
    [['set', '--user', 'a', 'producer_byte_rate=0'], "producer_byte_rate is '0'; it must be a number above 0"],
    [['set', '--user', 'a', 'producer_byte_rate=1e'], "producer_byte_rate is '1e'; it must be a number, such as 1000000 or 1e6"],
    [['set', '--user', 'a', 'producer_byte_rate=1e999'], 'it must be a number'],
    [
      ['set', '--user', 'a', 'producer_byte_rate=1', 'producer_byte_rate=2'],
      "the limit 'producer_byte_rate' is given twice; leave one out",
    ],
    [['set', '--user', 'a', '--user', 'b', 'producer_byte_rate=1'], '--user is given twice; leave one out'],
    [['set', '--user', 'a', 'producer_byte_rate'], "'producer_byte_rate' is not a limit; write NAME=VALUE"],
    [['remove', '--yes'], 'name whose'],
  ])('%j is wrong usage', async (args, text) => {
    expect(await ask('quota', ...args)).toMatchObject({ code: 2, stdout: '', stderr: expect.stringContaining(text) })
  })
})

describe('the command line', () => {
  test('describes, alters, trims and deletes a topic; without --yes nothing is deleted (exit code 3)', async () => {
    expect(await ask('topic', 'create', 't')).toMatchObject({ code: 0 })
    await write('t', ['a', 'b', 'c'])
    expect(await ask('topic', 'alter', 't', '-p', '2', '-c', 'retention.ms=1000000', '-c', 'cleanup.policy+=compact')).toMatchObject({
      code: 0,
      stdout: '',
    })
    const shown = JSON.parse((await ask('topic', 'describe', 't', '-o', 'json')).stdout)
    expect(shown).toMatchObject({ topic: 't', partitions: [{ partition: 0, start: 0, end: 3 }, { partition: 1 }] })
    expect(shown.configs).toEqual([
      { name: 'cleanup.policy', value: 'delete,compact', source: 'topic' },
      { name: 'retention.ms', value: '1000000', source: 'topic' },
    ])
    expect((await ask('topic', 'describe', 't')).stdout).toMatch(
      /PARTITION +LEADER +REPLICAS +ISR +START +END[\s\S]*retention\.ms +1000000 +topic/,
    )
    expect(await ask('topic', 'alter', 't', '--default', 'retention.ms', '--default', 'cleanup.policy')).toMatchObject({ code: 0 })
    expect(await ask('topic', 'alter', 't')).toMatchObject({ code: 2 })
    expect(await ask('topic', 'alter', 't', '-c', 'no.such=1')).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('Unknown topic config name: no.such'),
    })
    const preview = await ask('topic', 'trim', 't', '--before', '2')
    expect(preview).toMatchObject({ code: 3, stderr: 'nothing was changed: add --yes to do it\n' })
    expect(preview.stdout).toMatch(/PARTITION +START +NEW START +END +DELETED/)
    expect(await ask('topic', 'trim', 't', '--before', '2', '--yes')).toMatchObject({ code: 0, stderr: 'deleted 2 records of t\n' })
    expect(await ask('topic', 'trim', 't', '--before', '2', '--yes')).toMatchObject({
      code: 0,
      stderr: expect.stringContaining('nothing to delete'),
    })
    const nothing = await ask('topic', 'trim', 't', '--before', '2', '--yes', '-o', 'json')
    expect(JSON.parse(nothing.stdout).map((it: { deleted: number }) => it.deleted)).toEqual([0, 0])
    expect(await ask('topic', 'trim', 't', '--before', 'noon')).toMatchObject({ code: 2 })
    // JavaScript takes it for a time in 2001.
    expect(await ask('topic', 'trim', 't', '--before', 'mark 1')).toMatchObject({ code: 2 })
    expect(await ask('topic', 'trim', 't', '--before', '@-1h')).toMatchObject({
      code: 0,
      stderr: expect.stringMatching(/^the time is .*\nnothing to delete/),
    })
    expect(await ask('topic', 'delete', 't')).toMatchObject({ code: 3 })
    expect(await ask('topic', 'delete', 't', '--yes')).toMatchObject({
      code: 0,
      stderr: 'topic t: 2 partitions, 1 record at most\ndeleted t\n',
    })
  })

  test('deletes a group', async () => {
    await withAdmin(async ({ topics, groups }) => {
      await topics.create('of-group')
      await groups.setOffsets('old', [{ topic: 'of-group', partition: 0, offset: 0 }])
    })
    expect(await ask('group', 'delete', 'old')).toMatchObject({
      code: 3,
      stderr: expect.stringContaining("deletes what group 'old' has committed"),
    })
    expect(await ask('group', 'delete', 'old', '--yes')).toMatchObject({ code: 0 })
    expect(await ask('group', 'delete', 'old', '--yes')).toMatchObject({ code: 1 })
  })

  test('shows and changes configurations', async () => {
    expect(await ask('config', 'describe', 'broker:all')).toMatchObject({ code: 0, stdout: '' })
    expect(await ask('config', 'set', 'broker:all', 'log.retention.ms=77')).toMatchObject({ code: 0 })
    expect((await ask('config', 'describe', 'broker:all')).stdout).toMatch(/log\.retention\.ms +77 +allBrokers/)
    expect(await ask('config', 'unset', 'broker:all', 'log.retention.ms')).toMatchObject({ code: 0 })
    expect((await ask('config', 'describe', 'broker:1', '--all')).stdout).toMatch(/num\.partitions +1 +default/)
    expect(await ask('config', 'set', 'broker:1', 'num.partitions=3')).toMatchObject({ code: 1 })
    expect(await ask('config', 'describe', 'thing:1')).toMatchObject({ code: 2 })
    expect(child.exitCode).toBeNull()
  })
})
