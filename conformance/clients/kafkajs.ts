/** kafkajs 2.2.4 against our broker: what a program that uses it today does. */
import { equal, type Report } from '../report.ts'
import { npmPackage } from '../tools.ts'

interface KafkaJs {
  Kafka: new (options: object) => any
  logLevel: { NOTHING: number }
  CompressionTypes: { GZIP: number; None: number }
}

const COUNT = 300

export async function judge(report: Report, brokers: readonly string[]): Promise<void> {
  const { Kafka, logLevel, CompressionTypes } = npmPackage<KafkaJs>('kafkajs', '2.2.4')
  const kafka = new Kafka({ clientId: 'judge', brokers, logLevel: logLevel.NOTHING })
  const admin = kafka.admin()
  const producer = kafka.producer({ idempotent: true, maxInFlightRequests: 1 })
  const topic = 'kafkajs-orders'
  await admin.connect()
  await producer.connect()

  await report.check('creates a topic and sees it with a leader at once (trap 43)', async () => {
    await admin.createTopics({ topics: [{ topic, numPartitions: 3 }] })
    const { topics } = await admin.fetchTopicMetadata({ topics: [topic] })
    equal(topics[0].partitions.length, 3)
  })

  const messages = Array.from({ length: COUNT }, (_, i) => ({ key: `key-${i % 20}`, value: `value-${i}`, headers: { n: String(i) } }))
  await report.check('produces as an idempotent producer, plain and gzip', async () => {
    await producer.send({ topic, acks: -1, messages: messages.slice(0, COUNT / 2) })
    await producer.send({ topic, acks: -1, compression: CompressionTypes.GZIP, messages: messages.slice(COUNT / 2) })
    const offsets = await admin.fetchTopicOffsets(topic)
    equal(
      offsets.reduce((sum: number, o: { high: string }) => sum + Number(o.high), 0),
      COUNT,
    )
  })

  await report.check('consumes in a group, commits, and resumes where it stopped', async () => {
    const first = await consume(kafka, topic, 'kafkajs-group', 100)
    const second = await consume(kafka, topic, 'kafkajs-group', COUNT - first.length)
    const all = [...first, ...second].map((m) => m.value)
    equal(new Set(all).size, COUNT)
    equal(all.length, COUNT)
  })

  await report.check('two members share the partitions, and one takes over when the other leaves', async () => {
    const group = 'kafkajs-pair'
    const seen = new Set<string>()
    const members = [kafka.consumer({ groupId: group, heartbeatInterval: 200 }), kafka.consumer({ groupId: group, heartbeatInterval: 200 })]
    const joined: Promise<any>[] = []
    for (const member of members) {
      await member.connect()
      await member.subscribe({ topic, fromBeginning: true })
      joined.push(new Promise((resolve) => member.on(member.events.GROUP_JOIN, (e: any) => resolve(e.payload))))
      await member.run({ eachMessage: async ({ message }: any) => void seen.add(message.value.toString()) })
    }
    await Promise.all(joined)
    await until(() => seen.size === COUNT)
    await members[0].disconnect()
    await producer.send({ topic, messages: [0, 1, 2].map((partition) => ({ value: `late-${partition}`, partition })) })
    await until(() => [0, 1, 2].every((partition) => seen.has(`late-${partition}`)))
    await members[1].disconnect()
  })

  await report.check('seeks, and looks up offsets by time', async () => {
    const byTime = await admin.fetchTopicOffsetsByTimestamp(topic, Date.now() + 60_000)
    equal(byTime.length, 3)
    const consumer = kafka.consumer({ groupId: 'kafkajs-seek' })
    await consumer.connect()
    await consumer.subscribe({ topic, fromBeginning: false })
    let found = ''
    await consumer.run({
      autoCommit: false,
      eachMessage: async ({ partition, message }: any) => {
        if (partition === 0) found ||= message.offset
      },
    })
    consumer.seek({ topic, partition: 0, offset: '5' })
    await until(() => found !== '')
    await consumer.disconnect()
    equal(found, '5')
  })

  await report.check('describes and lists groups, and reads committed offsets', async () => {
    const { groups } = await admin.listGroups()
    equal(
      groups.some((g: { groupId: string }) => g.groupId === 'kafkajs-group'),
      true,
    )
    const [{ partitions }] = await admin.fetchOffsets({ groupId: 'kafkajs-group', topics: [topic] })
    equal(
      partitions.reduce((sum: number, p: { offset: string }) => sum + Number(p.offset), 0),
      COUNT,
    )
  })

  await producer.disconnect()
  await admin.disconnect()
}

/** Consumes until `count` messages came, commits them, and leaves. */
async function consume(kafka: any, topic: string, groupId: string, count: number): Promise<{ value: string }[]> {
  const consumer = kafka.consumer({ groupId, sessionTimeout: 10_000 })
  const seen: { value: string }[] = []
  await consumer.connect()
  await consumer.subscribe({ topic, fromBeginning: true })
  await consumer.run({
    autoCommit: false,
    eachMessage: async ({ partition, message }: any) => {
      if (seen.length >= count) return
      seen.push({ value: message.value.toString() })
      await consumer.commitOffsets([{ topic, partition, offset: String(Number(message.offset) + 1) }])
    },
  })
  await until(() => seen.length >= count)
  await consumer.disconnect()
  return seen
}

async function until(done: () => boolean, withinMs = 30_000): Promise<void> {
  const end = Date.now() + withinMs
  while (!done()) {
    if (Date.now() > end) throw new Error(`not within ${withinMs} ms`)
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}
