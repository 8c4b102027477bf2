/**
 * kafkajs 2.2.4 against our broker: every codec, groups with a member killed, commit, resume, seek, look-up by time.
 */
import { createRequire } from 'node:module'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { equal, type Report } from '../report.ts'
import { until } from '../waiting.ts'
import { groupOfThree } from './group-of-three.ts'
import { judgeAdmin } from './kafkajs-admin.ts'
import { installCodecs } from './kafkajs-codecs.ts'
import { kafkaJs, kafkaJsFolder } from './kafkajs-package.ts'

const CODECS = ['None', 'GZIP', 'Snappy', 'LZ4', 'ZSTD']
const MEMBER = fileURLToPath(new URL('kafkajs-member.ts', import.meta.url))
const COUNT = 300
const PARTITIONS = [0, 1, 2]
const START_MS = 1_000_000

export async function judge(report: Report, brokers: readonly string[], full: boolean): Promise<void> {
  const folder = kafkaJsFolder(['kafkajs-snappy@1.1.0', '@2l/kafkajs-lz4@1.3.2'])
  const load = createRequire(path.join(folder, 'package.json'))
  installCodecs(load)
  const { Kafka, logLevel, CompressionTypes } = kafkaJs(folder)
  const kafka = new Kafka({ clientId: 'judge', brokers, logLevel: logLevel.NOTHING })
  const admin = kafka.admin()
  const producer = kafka.producer({ idempotent: true, maxInFlightRequests: 1 })
  const topic = 'kafkajs-None'
  await admin.connect()
  await producer.connect()
  const produce = (to: string, codec = 'None') =>
    producer.send({
      topic: to,
      acks: -1,
      compression: CompressionTypes[codec],
      messages: Array.from({ length: COUNT }, (_, i) => ({
        key: `key-${i % 20}`,
        value: `value-${i}`,
        headers: { n: String(i) },
        timestamp: String(START_MS + i),
      })),
    })

  await report.check('creates a topic and sees it with a leader at once (trap 43)', async () => {
    await admin.createTopics({ topics: [{ topic, numPartitions: 3 }] })
    const { topics } = await admin.fetchTopicMetadata({ topics: [topic] })
    equal(topics[0].partitions.length, 3)
  })

  for (const codec of CODECS) {
    await report.check(`produces as an idempotent producer and reads back with ${codec.toLowerCase()}`, async () => {
      const name = `kafkajs-${codec}`
      await admin.createTopics({ topics: [{ topic: name, numPartitions: 3 }] })
      await produce(name, codec)
      const seen = await consume(kafka, name, `codec-${codec}`, COUNT)
      equal(
        seen.map((m) => Number(m.headers.n)).sort((a, b) => a - b),
        [...Array(COUNT).keys()],
      )
    })
  }

  await report.check('consumes in a group, commits with metadata, and resumes where it stopped', async () => {
    const first = await consume(kafka, topic, 'kafkajs-group', 100)
    const second = await consume(kafka, topic, 'kafkajs-group', COUNT - first.length)
    const all = [...first, ...second].map((m) => m.value.toString())
    equal(new Set(all).size, COUNT)
    equal(all.length, COUNT)
    const [{ partitions }] = await admin.fetchOffsets({ groupId: 'kafkajs-group', topics: [topic] })
    equal(sum(partitions.map((p: { offset: string }) => Number(p.offset))), COUNT)
    equal(new Set(partitions.map((p: { metadata: string }) => p.metadata)).size, 1)
    equal(partitions[0].metadata, 'by hand')
  })

  await report.check('three members share six partitions, one is killed, nothing is lost', () =>
    groupOfThree({
      brokers,
      topic: 'kafkajs-three',
      group: 'kafkajs-three',
      member: (name) => [process.execPath, [MEMBER, folder, brokers[0]!, 'kafkajs-three', 'kafkajs-three', name]],
      produce: () => produce('kafkajs-three', 'ZSTD'),
      count: COUNT,
    }),
  )

  await report.check('two members share the partitions, and one takes over when the other leaves', async () => {
    const seen = new Set<string>()
    const members = [0, 1].map(() => kafka.consumer({ groupId: 'kafkajs-pair', heartbeatInterval: 200, maxWaitTimeInMs: 200 }))
    const joined: Promise<any>[] = []
    for (const member of members) {
      await member.connect()
      await member.subscribe({ topic, fromBeginning: true })
      joined.push(new Promise((resolve) => member.on(member.events.GROUP_JOIN, (e: any) => resolve(e.payload))))
      await member.run({ eachMessage: async ({ message }: any) => void seen.add(message.value.toString()) })
    }
    await Promise.all(joined)
    await until('everything is read', () => seen.size === COUNT)
    await members[0].disconnect()
    await producer.send({ topic, messages: PARTITIONS.map((partition) => ({ value: `late-${partition}`, partition })) })
    await until('the other one reads all', () => PARTITIONS.every((partition) => seen.has(`late-${partition}`)))
    await members[1].disconnect()
  })

  await report.check('seeks, forwards and back', async () => {
    const consumer = kafka.consumer({ groupId: 'kafkajs-seek', maxWaitTimeInMs: 200 })
    const seen: string[] = []
    const targets = ['5', '0', '2']
    await consumer.connect()
    await consumer.subscribe({ topic: 'kafkajs-GZIP', fromBeginning: false })
    await consumer.run({
      autoCommit: false,
      eachMessage: async ({ partition, message }: any) => {
        if (partition !== 0 || seen.length === targets.length) return
        seen.push(message.offset)
        if (seen.length < targets.length) consumer.seek({ topic: 'kafkajs-GZIP', partition: 0, offset: targets[seen.length] })
      },
    })
    consumer.seek({ topic: 'kafkajs-GZIP', partition: 0, offset: targets[0] })
    await until('it read where it was told to', () => seen.length === targets.length)
    await consumer.disconnect()
    equal(seen, targets)
  })

  await report.check('finds offsets by time', async () => {
    const name = 'kafkajs-GZIP'
    const found = await admin.fetchTopicOffsetsByTimestamp(name, START_MS + 150)
    const all = await consume(kafka, name, 'kafkajs-times', COUNT)
    for (const { partition, offset } of found) {
      const later = all.filter((m) => m.partition === partition && Number(m.timestamp) >= START_MS + 150)
      equal(Number(offset), Math.min(...later.map((m) => Number(m.offset))))
    }
    const none = await admin.fetchTopicOffsetsByTimestamp(name, Date.now() + 60_000)
    const ends = await admin.fetchTopicOffsets(name)
    equal(byPartition(none), byPartition(ends))
  })

  await report.check('describes and lists groups', async () => {
    const { groups } = await admin.listGroups()
    equal(
      groups.some((g: { groupId: string }) => g.groupId === 'kafkajs-group'),
      true,
    )
    const described = await admin.describeGroups(['kafkajs-group'])
    equal(described.groups[0].state, 'Empty')
  })

  await producer.disconnect()
  await admin.disconnect()
  await judgeAdmin(report, full)
}

const sum = (numbers: readonly number[]): number => numbers.reduce((total, n) => total + n, 0)

const byPartition = (offsets: readonly { partition: number; offset: string }[]): string[] =>
  offsets.map(({ partition, offset }) => `${partition}: ${offset}`).sort()

/** Consumes until `count` messages came, commits each, and leaves. */
async function consume(kafka: any, topic: string, groupId: string, count: number): Promise<any[]> {
  const consumer = kafka.consumer({ groupId, sessionTimeout: 10_000, maxWaitTimeInMs: 200 })
  const seen: any[] = []
  await consumer.connect()
  await consumer.subscribe({ topic, fromBeginning: true })
  await consumer.run({
    autoCommit: false,
    eachMessage: async ({ partition, message }: any) => {
      if (seen.length >= count) return
      seen.push({ partition, ...message })
      await consumer.commitOffsets([{ topic, partition, offset: String(Number(message.offset) + 1), metadata: 'by hand' }])
    },
  })
  await until(`${count} messages`, () => seen.length >= count)
  await consumer.disconnect()
  return seen
}
