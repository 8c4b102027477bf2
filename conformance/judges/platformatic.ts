/**
 * @platformatic/kafka 2.12.1 against our broker: every codec, groups with a member killed, commit, resume, seek,
 * look-up by time.
 */
import { fileURLToPath } from 'node:url'
import { groupOfThree } from '../clients/group-of-three.ts'
import { equal, type Report } from '../report.ts'
import { npmPackage, npmPackageFolder } from '../tools.ts'
import { OurBroker } from './our-broker.ts'

interface Platformatic {
  Admin: new (options: object) => any
  Producer: new (options: object) => any
  Consumer: new (options: object) => any
  stringSerializers: object
  stringDeserializers: object
}

const NAME = '@platformatic/kafka'
const VERSION = '2.12.1'
const MEMBER = fileURLToPath(new URL('platformatic-member.mjs', import.meta.url))
const COUNT = 300
const START_MS = 1_000_000

export async function judge(report: Report): Promise<void> {
  const library = npmPackage<Platformatic>(NAME, VERSION)
  await using broker = await OurBroker.start('disk')
  const common = { clientId: 'judge', bootstrapBrokers: [broker.address] }
  const admin = new library.Admin(common)
  const producer = new library.Producer({ ...common, serializers: library.stringSerializers, idempotent: true })
  const consumerOf = (groupId: string) =>
    new library.Consumer({ ...common, groupId, deserializers: library.stringDeserializers, sessionTimeout: 10_000 })

  const produce = async (topic: string, compression = 'none'): Promise<void> => {
    const messages = Array.from({ length: COUNT }, (_, i) => ({
      topic,
      key: `key-${i % 20}`,
      value: `value-${i}`,
      headers: { n: String(i) },
      timestamp: BigInt(START_MS + i),
    }))
    await producer.send({ messages, compression, acks: -1 })
  }
  /** Takes `count` records and leaves. */
  const take = async (groupId: string, topic: string, count: number, options: object, each?: (m: any) => Promise<void>): Promise<any[]> => {
    const consumer = consumerOf(groupId)
    const stream = await consumer.consume({ topics: [topic], autocommit: false, maxWaitTime: 200, ...options })
    const seen: any[] = []
    for await (const message of stream) {
      seen.push(message)
      await each?.(message)
      if (seen.length === count) break
    }
    await consumer.close(true)
    return seen
  }

  for (const codec of ['none', 'gzip', 'snappy', 'lz4', 'zstd']) {
    await report.check(`produces and reads back with ${codec}`, async () => {
      const topic = `platformatic-${codec}`
      await admin.createTopics({ topics: [topic], partitions: 3, replicas: 1 })
      await produce(topic, codec)
      const seen = await take(`codec-${codec}`, topic, COUNT, { mode: 'earliest' })
      equal(new Set(seen.map((m) => m.value)).size, COUNT)
      equal(
        seen.every((m) => m.headers.get('n') !== undefined),
        true,
      )
    })
  }

  await report.check('consumes in a group, commits, and resumes where it stopped', async () => {
    const options = { mode: 'committed', fallbackMode: 'earliest' }
    const commit = (message: any): Promise<void> => message.commit()
    const first = await take('resuming', 'platformatic-none', 100, options, commit)
    const second = await take('resuming', 'platformatic-none', COUNT - 100, options, commit)
    equal(new Set([...first, ...second].map((m) => m.value)).size, COUNT)
    const consumer = consumerOf('resuming')
    const committed = await consumer.listCommittedOffsets({ topics: [{ topic: 'platformatic-none', partitions: [0, 1, 2] }] })
    await consumer.close(true)
    equal(
      committed.get('platformatic-none').reduce((sum: number, offset: bigint) => sum + Number(offset), 0),
      COUNT,
    )
  })

  await report.check('seeks: begins where it is told', async () => {
    const topic = 'platformatic-gzip'
    const offsets = [0, 1, 2].map((partition) => ({ topic, partition, offset: 5n }))
    const seen = await take('seeking', topic, 3, { mode: 'manual', offsets })
    equal(Math.min(...seen.map((m) => Number(m.offset))), 5)
  })

  await report.check('finds offsets by time', async () => {
    const topic = 'platformatic-none'
    const consumer = consumerOf('times')
    const found = await consumer.listOffsetsWithTimestamps({ topics: [topic], timestamp: BigInt(START_MS + 150) })
    await consumer.close(true)
    const all = await take('times-read', topic, COUNT, { mode: 'earliest' })
    for (const partition of [0, 1, 2]) {
      const wanted = all.filter((m) => m.partition === partition && m.timestamp >= BigInt(START_MS + 150)).map((m) => Number(m.offset))
      equal(Number(found.get(topic).get(partition).offset), wanted.length === 0 ? -1 : Math.min(...wanted))
    }
  })

  await report.check('three members share six partitions, one is killed, nothing is lost', () =>
    groupOfThree({
      brokers: [broker.address],
      topic: 'platformatic-three',
      group: 'three',
      member: (name) => [process.execPath, [MEMBER, npmPackageFolder(NAME, VERSION), broker.address, 'platformatic-three', 'three', name]],
      produce: () => produce('platformatic-three', 'zstd'),
      count: COUNT,
    }),
  )

  await producer.close()
  await admin.close()
}
