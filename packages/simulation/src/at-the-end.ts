/** What can only be judged when everything is over: read back by a client that had no part in it, and from the bytes on the disk. */
import { startBroker } from '@tidemark/broker'
import { createAdmin, createKafka, type Kafka, read } from '@tidemark/client'
import { batchesIn, codecOf, OffsetCommitKey, OffsetCommitValue, Reader, RecordCursor } from '@tidemark/protocol'
import { Violation } from './facts.ts'
import type { SimulatedDisk } from './machine/disk.ts'
import { Process } from './machine/process.ts'
import { GROUP, TOPIC, type World } from './world.ts'

export async function judgeTheEnd(world: World): Promise<void> {
  const reader = world.newProcess('reader')
  const kafka = world.kafkaOn(reader)
  await everyRecordOnce(world, kafka)
  commitsNeverGoBack(world.disk)
  await everyCommitStands(world, kafka)
  await checkpointEqualsReplay(world)
}

/** An acknowledged record is readable, once, at its offset. */
async function everyRecordOnce(world: World, kafka: Kafka): Promise<void> {
  const name = 'an acknowledged record is readable, once, at its offset'
  const found = new Map<string, string>()
  for await (const m of read(kafka, TOPIC, { from: 'earliest', to: 'end' })) {
    const value = m.value!.toString()
    const place = `${m.partition}/${m.offset}`
    if (found.has(value)) throw new Violation(name, `${value} stands at ${found.get(value)} and at ${place}`)
    found.set(value, place)
  }
  for (const [value, place] of world.sent) {
    if (place === undefined) continue
    const wanted = `${place.partition}/${place.offset}`
    if (found.get(value) !== wanted) {
      throw new Violation(name, `${value} was acknowledged at ${wanted} and stands at ${found.get(value) ?? 'no place'}`)
    }
  }
}

/** What was committed and acknowledged is still committed. */
async function everyCommitStands(world: World, kafka: Kafka): Promise<void> {
  const name = 'an acknowledged commit is not lost'
  const found = new Map((await createAdmin(kafka).groups.offsets(GROUP)).map((o) => [o.partition, Number(o.offset)]))
  for (const [partition, offset] of world.committed) {
    if ((found.get(partition) ?? -1) >= offset) continue
    throw new Violation(
      name,
      `${offset} was acknowledged for partition ${partition}, and ${found.get(partition) ?? 'nothing'} is committed`,
    )
  }
}

/** A committed offset never goes back by itself: the records of `__consumer_offsets` in the order of the log. */
function commitsNeverGoBack(disk: SimulatedDisk): void {
  const name = 'a committed offset never goes back by itself'
  const last = new Map<string, number>()
  const segments = [...disk.contents()].filter(([path]) => path.includes('__consumer_offsets') && path.endsWith('.log'))
  for (const [, bytes] of segments.sort(([a], [b]) => (a < b ? -1 : 1))) {
    for (const { at, header } of batchesIn(bytes)) {
      const cursor = new RecordCursor(bytes.subarray(at, at + header.size), header)
      while (cursor.next()) {
        const key = new Reader(cursor.key!)
        if (key.int16() > 1 || cursor.value === null) continue
        const { topic, partition } = codecOf(OffsetCommitKey, 0).decode(key)
        const value = new Reader(cursor.value)
        const { offset } = codecOf(OffsetCommitValue, value.int16()).decode(value)
        const place = `${topic}-${partition}`
        if (offset < (last.get(place) ?? 0)) throw new Violation(name, `${place} was committed at ${last.get(place)} and then at ${offset}`)
        last.set(place, offset)
      }
    }
  }
}

/** A broker that starts from its checkpoints knows what one knows that reads its logs from the beginning. */
async function checkpointEqualsReplay(world: World): Promise<void> {
  const name = 'checkpoint plus tail equals full replay'
  const [withCheckpoints, withoutCheckpoints] = await Promise.all([
    knowledgeOf(world, world.disk.clone(world.random.fork()), 9101),
    knowledgeOf(world, withoutThem(world.disk.clone(world.random.fork())), 9102),
  ])
  if (withCheckpoints !== withoutCheckpoints) throw new Violation(name, `${withCheckpoints} and ${withoutCheckpoints}`)
}

function withoutThem(disk: SimulatedDisk): SimulatedDisk {
  for (const path of disk.contents().keys()) if (/checkpoint|producers$/.test(path)) disk.remove(path)
  return disk
}

async function knowledgeOf(world: World, disk: SimulatedDisk, port: number): Promise<string> {
  const process = new Process(`broker-at-${port}`, world.scheduler, world.network, disk, world.random)
  await startBroker({ data: '/data', listen: { host: '127.0.0.1', port }, platform: process.platform, fsync: 'never' })
  const asker = world.newProcess(`asker-of-${port}`)
  const kafka = createKafka({ brokers: [`127.0.0.1:${port}`], platform: asker.platform, requestTimeoutMs: 5_000 })
  const admin = createAdmin(kafka)
  const offsets = await admin.groups.offsets(GROUP)
  const group = await admin.groups.describe(GROUP)
  const known = JSON.stringify({ offsets, group }, (_, v) => (typeof v === 'bigint' ? String(v) : v))
  await kafka.close()
  process.crash()
  return known
}
