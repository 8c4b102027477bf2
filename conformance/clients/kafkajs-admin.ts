/** kafkajs's administration client, call by call, on one node, on three, and with SASL and ACLs on. */
import { type StartOptions, startBroker } from '@tidemark/broker'
import { equal, type Report } from '../report.ts'
import { kafkaJs } from './kafkajs-package.ts'

const TOPIC = 'admin'
const GROUP = 'admin-group'
const USER = { username: 'admin', password: 'secret' }
const SECURED: Partial<StartOptions> = {
  listeners: [{ protocol: 'sasl_plaintext', sasl: ['plain', 'scram-sha-256', 'scram-sha-512'] }],
  users: { [USER.username]: USER.password },
  authorizer: { superUsers: [`User:${USER.username}`] },
}

export async function judgeAdmin(report: Report, full: boolean): Promise<void> {
  await play(report, full, 'one node', {}, 1)
  await play(report, full, 'three nodes', { nodes: 3 }, 3)
  for (const mechanism of full ? ['plain', 'scram-sha-256', 'scram-sha-512'] : ['scram-sha-512'])
    await play(report, full, `${mechanism}, ACLs`, SECURED, 1, mechanism)
}

async function play(
  report: Report,
  full: boolean,
  where: string,
  options: Partial<StartOptions>,
  nodes: number,
  mechanism?: string,
): Promise<void> {
  const { Kafka, logLevel, ConfigResourceTypes, AclResourceTypes, AclOperationTypes, AclPermissionTypes, ResourcePatternTypes } = kafkaJs()
  await using broker = await startBroker({ data: ':memory:', autoCreateTopics: false, ...options })
  const connect = (user: typeof USER) =>
    new Kafka({
      brokers: broker.brokers,
      logLevel: logLevel.NOTHING,
      retry: { retries: 3 },
      ...(mechanism !== undefined && { sasl: { mechanism, ...user } }),
    })
  const kafka = connect(USER)
  const admin = kafka.admin()
  const check = (name: string, act: () => Promise<void>): Promise<void> => report.check(`admin: ${name} (${where})`, act)
  /** kafkajs moves offsets with a consumer that waits four times for a Fetch of five seconds. */
  const ofGroups = async (name: string, act: () => Promise<void>): Promise<void> => {
    if (full || where === 'one node') return await check(name, act)
    report.skip(`admin: ${name} (${where})`, 'it takes 20 s: in the full run alone')
  }
  await admin.connect()

  await check('describeCluster', async () => equal((await admin.describeCluster()).brokers.length, nodes))
  await check('createTopics, and once more', async () => {
    const topics = [
      { topic: TOPIC, numPartitions: 3, replicationFactor: nodes, configEntries: [{ name: 'retention.ms', value: '3600000' }] },
    ]
    equal(await admin.createTopics({ topics }), true)
    equal(await admin.createTopics({ topics }), false)
    equal(await codeOf(admin.createTopics({ topics: [{ topic: 'x', replicationFactor: nodes + 1 }] })), 'INVALID_REPLICATION_FACTOR')
  })
  await check('fetchTopicMetadata: leaders are spread', async () => {
    const [{ partitions }] = (await admin.fetchTopicMetadata({ topics: [TOPIC] })).topics
    equal(new Set(partitions.map((p: { leader: number }) => p.leader)).size, nodes)
    equal(partitions[0].replicas.length, nodes)
  })
  await check('createPartitions', async () => {
    await admin.createPartitions({ topicPartitions: [{ topic: TOPIC, count: 4 }] })
    equal((await admin.fetchTopicMetadata({ topics: [TOPIC] })).topics[0].partitions.length, 4)
    equal(await codeOf(admin.createPartitions({ topicPartitions: [{ topic: TOPIC, count: 2 }] })), 'INVALID_PARTITIONS')
  })
  await check('describeConfigs, alterConfigs', async () => {
    const resource = { type: ConfigResourceTypes.TOPIC, name: TOPIC }
    const configOf = async (name: string) => {
      const { resources } = await admin.describeConfigs({ includeSynonyms: false, resources: [{ ...resource, configNames: [name] }] })
      return resources[0].configEntries[0].configValue
    }
    equal(await configOf('retention.ms'), '3600000')
    const configEntries = [{ name: 'cleanup.policy', value: 'compact' }]
    await admin.alterConfigs({ validateOnly: false, resources: [{ ...resource, configEntries }] })
    equal(await configOf('cleanup.policy'), 'compact')
    equal(await configOf('retention.ms'), '604800000')
    const wrong = [{ ...resource, configEntries: [{ name: 'cleanup.policy', value: 'burn' }] }]
    equal(await codeOf(admin.alterConfigs({ validateOnly: false, resources: wrong })), 'INVALID_CONFIG')
    await admin.alterConfigs({ validateOnly: false, resources: [{ ...resource, configEntries: [] }] })
  })
  await check('offsets of a topic, deleteTopicRecords', async () => {
    const producer = kafka.producer()
    await producer.connect()
    await producer.send({ topic: TOPIC, messages: Array.from({ length: 10 }, (_, i) => ({ partition: 1, value: `${i}` })) })
    await producer.disconnect()
    const at = async () => (await admin.fetchTopicOffsets(TOPIC)).find((it: { partition: number }) => it.partition === 1)
    equal((await at()).high, '10')
    await admin.deleteTopicRecords({ topic: TOPIC, partitions: [{ partition: 1, offset: '4' }] })
    equal([(await at()).low, (await at()).high], ['4', '10'])
  })
  await ofGroups('setOffsets, resetOffsets, fetchOffsets', async () => {
    const committed = async () => {
      // resetOffsets() commits the word for the earliest offset, -2, which is looked up here.
      const [{ partitions }] = await admin.fetchOffsets({ groupId: GROUP, topics: [TOPIC], resolveOffsets: true })
      return partitions.find((it: { partition: number }) => it.partition === 1).offset
    }
    await admin.setOffsets({ groupId: GROUP, topic: TOPIC, partitions: [{ partition: 1, offset: '7' }] })
    equal(await committed(), '7')
    await admin.resetOffsets({ groupId: GROUP, topic: TOPIC, earliest: true })
    equal(await committed(), '4')
  })
  await ofGroups('listGroups, describeGroups, deleteGroups', async () => {
    const { groups } = await admin.listGroups()
    equal(
      groups.some(({ groupId }: { groupId: string }) => groupId === GROUP),
      true,
    )
    equal((await admin.describeGroups([GROUP])).groups[0].state, 'Empty')
    equal((await admin.deleteGroups([GROUP]))[0].errorCode, 0)
  })
  await check('createAcls, describeAcls, deleteAcls', async () => {
    const acl = {
      resourceType: AclResourceTypes.TOPIC,
      resourceName: TOPIC,
      resourcePatternType: ResourcePatternTypes.LITERAL,
      principal: 'User:app',
      host: '*',
      operation: AclOperationTypes.READ,
      permissionType: AclPermissionTypes.ALLOW,
    }
    if (mechanism === undefined) return equal(await codeOf(admin.createAcls({ acl: [acl] })), 'SECURITY_DISABLED')
    equal(await admin.createAcls({ acl: [acl] }), true)
    equal((await admin.describeAcls(acl)).resources[0].acls[0].principal, 'User:app')
    const { filterResponses } = await admin.deleteAcls({ filters: [acl] })
    equal(filterResponses[0].matchingAcls.length, 1)
  })
  await check('alterPartitionReassignments, listPartitionReassignments', async () => {
    const replicas = Array.from({ length: nodes }, (_, i) => nodes - i)
    await admin.alterPartitionReassignments({ topics: [{ topic: TOPIC, partitionAssignment: [{ partition: 0, replicas }] }] })
    equal((await admin.listPartitionReassignments({ topics: [{ topic: TOPIC, partitions: [0] }] })).topics, [])
    const [{ partitions }] = (await admin.fetchTopicMetadata({ topics: [TOPIC] })).topics
    equal(partitions.find((p: { partitionId: number }) => p.partitionId === 0).replicas, replicas)
  })
  await check('deleteTopics, listTopics', async () => {
    await admin.deleteTopics({ topics: [TOPIC] })
    equal((await admin.listTopics()).includes(TOPIC), false)
    equal(await codeOf(admin.deleteTopics({ topics: [TOPIC] })), 'UNKNOWN_TOPIC_OR_PARTITION')
  })
  if (mechanism !== undefined) {
    await check('a wrong password is refused', async () => {
      const wrong = connect({ ...USER, password: 'wrong' }).admin()
      const error = await wrong.connect().then(
        () => undefined,
        (it: Error) => it,
      )
      await wrong.disconnect().catch(() => {}) // it was never connected
      equal(error?.name, 'KafkaJSSASLAuthenticationError')
    })
  }
  await admin.disconnect()
}

/** Kafka's name of the error; kafkajs puts those of topics into others. */
async function codeOf(call: Promise<unknown>): Promise<string | undefined> {
  try {
    await call
    return undefined
  } catch (error) {
    const { type, errors, cause, originalError } = error as Record<string, any>
    return type ?? errors?.[0]?.type ?? cause?.type ?? originalError?.type ?? String(error)
  }
}
