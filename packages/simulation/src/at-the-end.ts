/**
 * What can only be judged when everything is over: read back by a client that had no part in it, and from the bytes
 * on the disk.
 */
import { startBroker } from '@tidemark/broker'
import { createAdmin, type Kafka, read, TidemarkError } from '@tidemark/client'
import { batchesIn, codecOf, lastOffsetOf, OffsetCommitKey, OffsetCommitValue, Reader, RecordCursor } from '@tidemark/protocol'
import type { SimulatedDisk } from '@tidemark/testing/internal'
import { Process } from '@tidemark/testing/internal'
import { effectOf } from './actors/database.ts'
import { placeOf, topicOf, Violation } from './facts.ts'
import { GROUP, OTHER_GROUP, type World } from './world.ts'

export async function judgeTheEnd(world: World): Promise<void> {
  const reader = world.newProcess('reader')
  const kafka = world.kafkaOn(reader)
  const { truncation = false, topicIsMadeAgain = false, jumps = false } = world.plan.everything ?? {}
  const found = await everyRecordOnce(world, kafka)
  if (truncation) everyRecordDone(world, found)
  if (!jumps) everyEffectThere(world)
  const isMonotonic = !truncation && !topicIsMadeAgain && !jumps
  if (isMonotonic) {
    commitsNeverGoBack(world.disk)
    await everyCommitStands(world, kafka)
  }
  await checkpointEqualsReplay(world)
}

/** What a handler did in the transaction of a store, and what counts as done, has its effect in the database. */
function everyEffectThere(world: World): void {
  const { topics = [], groups = 1 } = world.plan.everything ?? {}
  for (const { name } of topics.filter((topic) => topic.isStored)) {
    for (const [value, at] of world.ledger.sent) {
      if (at === undefined || topicOf(at.place) !== name) continue
      for (const group of [GROUP, OTHER_GROUP].slice(0, groups)) {
        if (world.ledger.isExcused(group, at) || world.database.effectsOf(group, effectOf({ ...at, value })) === 1) continue
        throw new Violation(
          "each record's effect is there once",
          `the effect of ${value} at ${at.place}/${at.offset} is missing for ${group}`,
        )
      }
    }
  }
}

type Found = ReadonlyMap<string, { readonly place: string; readonly offset: number }>

/** An acknowledged record is readable, once, at its offset. Returns what is there. */
async function everyRecordOnce(world: World, kafka: Kafka): Promise<Found> {
  const name = 'an acknowledged record is readable, once, at its offset'
  const found = new Map<string, { place: string; offset: number }>()
  const loses = world.plan.everything?.truncation ?? false
  for (const topic of world.topicNames) {
    for await (const m of read(kafka, topic, { from: 'earliest', to: 'end' })) {
      const value = m.value!.toString()
      const place = placeOf(world.wiretap.names.named(topic), m.partition)
      const before = found.get(value)
      // What is not idempotent may be there twice; what was lost may be sent again elsewhere.
      if (before !== undefined && world.ledger.sent.has(value) && !world.ledger.mayBeTwice(value) && !loses) {
        throw new Violation(name, `${value} stands at ${before.place}/${before.offset} and at ${place}/${m.offset}`)
      }
      found.set(value, { place, offset: m.offset })
    }
  }
  if (loses) return found
  for (const [value, wanted] of world.ledger.sent) {
    if (wanted === undefined || !world.exists(wanted.place) || (found.has(value) && world.ledger.mayBeTwice(value))) continue
    const at = found.get(value)
    if (at?.place !== wanted.place || at.offset !== wanted.offset) {
      const where = at === undefined ? 'at no place' : `at ${at.place}/${at.offset}`
      throw new Violation(name, `${value} was acknowledged at ${wanted.place}/${wanted.offset} and stands ${where}`)
    }
  }
  return found
}

/**
 * Whatever a loss of power left in the log is handled: nothing is skipped that is behind the point up to which the
 * logs agree.
 */
function everyRecordDone(world: World, found: Found): void {
  const name = 'everything that is in the log is done in the end'
  if (world.mode === 'delivered') return
  for (const group of world.groups) {
    for (const [value, at] of found) {
      if (!world.ledger.isDone(group, value, at)) throw new Violation(name, `${group} has not done ${value} at ${at.place}/${at.offset}`)
    }
  }
}

/** What was committed and acknowledged is still committed. */
async function everyCommitStands(world: World, kafka: Kafka): Promise<void> {
  const name = 'an acknowledged commit is not lost'
  for (const group of world.groups) {
    const offsets = await createAdmin(kafka).groups.offsets(group)
    const found = new Map(offsets.map((o) => [world.placeOf(o.topic, o.partition), Number(o.offset)]))
    for (const [place, offset] of world.ledger.committedMost.get(group) ?? []) {
      if ((found.get(place) ?? -1) >= offset) continue
      throw new Violation(name, `${offset} was acknowledged for ${place}, and ${found.get(place) ?? 'nothing'} is committed`)
    }
  }
}

/** A committed offset never goes back by itself: the records of `__consumer_offsets` in the order of the log. */
function commitsNeverGoBack(disk: SimulatedDisk): void {
  const name = 'a committed offset never goes back by itself'
  const last = new Map<string, number>()
  // The files that compaction has replaced may still be there: they stand behind what took their place.
  const read = new Map<string, number>()
  const segments = [...disk.contents()].filter(([path]) => path.includes('__consumer_offsets') && path.endsWith('.log'))
  for (const [path, bytes] of segments.sort(([a], [b]) => (a < b ? -1 : 1))) {
    const folder = path.slice(0, path.lastIndexOf('/'))
    for (const { at, header } of batchesIn(bytes)) {
      if (lastOffsetOf(header) < (read.get(folder) ?? 0)) continue
      read.set(folder, lastOffsetOf(header) + 1)
      const cursor = new RecordCursor(bytes.subarray(at, at + header.size), header)
      while (cursor.next()) {
        const key = new Reader(cursor.key!)
        if (key.int16() > 1 || cursor.value === null) continue
        const { group, topic, partition } = codecOf(OffsetCommitKey, 0).decode(key)
        const value = new Reader(cursor.value)
        const { offset } = codecOf(OffsetCommitValue, value.int16()).decode(value)
        const place = `${group}/${topic}-${partition}`
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
  const kafka = world.kafkaOn(asker, { brokers: [`127.0.0.1:${port}`], requestTimeoutMs: 5_000 })
  const admin = createAdmin(kafka)
  const offsets = await admin.groups.offsets(GROUP)
  // With its topics deleted and its members gone, nothing is left of a group.
  const group = await admin.groups.describe(GROUP).catch((error: unknown) => {
    if (error instanceof TidemarkError && error.code === 'UNKNOWN_GROUP') return undefined
    throw error
  })
  const known = JSON.stringify({ offsets, group }, (_, v) => (typeof v === 'bigint' ? String(v) : v))
  await kafka.close()
  process.crash()
  return known
}
