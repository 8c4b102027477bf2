/** Groups of every kind on Apache Kafka, by its own clients: what `@tidemark/offsets` sees of them. */
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import path from 'node:path'
import { createInterface } from 'node:readline'
import { createAdmin, createKafka, type Kafka } from '@tidemark/client'
import { type CommitEvent, commitHistory, examine, groupPositions, LagMeter, listGroups, peek, positionsAt } from '@tidemark/offsets'
import { equal, type Report } from '../report.ts'
import { start } from '../tools.ts'
import { type KafkaCluster, startKafka } from './cluster.ts'
import { kafkaJars, NEWEST } from './jars.ts'

const SHARE = { 'share.coordinator.state.topic.replication.factor': '1', 'share.coordinator.state.topic.min.isr': '1' }

export async function seesEveryKindOfGroup(report: Report): Promise<void> {
  const cluster = await startKafka(NEWEST, 1, { protocols: [], settings: SHARE })
  await using kafka = createKafka({ brokers: cluster.brokers })
  let clients: ChildProcess | undefined
  try {
    const { topics, configs, groups } = createAdmin(kafka)
    await topics.create('seen', { partitions: 2 })
    await configs.alter({ type: 'group', name: 'share' }, { 'share.auto.offset.reset': 'earliest' })
    clients = await started(cluster.brokers[0]!)
    await groups.setOffsets('tool', [{ topic: 'seen', partition: 0, offset: 2, metadata: 'mine' }])
    await judge(report, kafka)
    await beside(report, kafka, cluster)
    await atTheEdges(report, kafka)
  } finally {
    clients?.kill('SIGKILL')
    await cluster.close()
  }
}

/** Resolves when every group has read and committed what is expected. */
async function started(broker: string): Promise<ChildProcess> {
  const args = ['-Xmx256m', '-cp', kafkaJars(NEWEST), path.join(import.meta.dirname, 'Groups.java'), broker]
  const child = start('java', args, { stdio: ['pipe', 'pipe', 'ignore'] })
  const lines = createInterface({ input: child.stdout! })
  const [line] = (await Promise.race([once(lines, 'line'), once(child, 'exit').then(() => ['ended'])])) as [string]
  if (line !== 'ready') throw new Error(`Kafka's clients did not begin: ${line}`)
  return child
}

async function judge(report: Report, kafka: Kafka): Promise<void> {
  const NAMES = ['classic', 'modern', 'share', 'tool', 'transactional']
  await report.check('lists groups of every kind', async () => {
    const found = (await listGroups(kafka)).filter(({ group }) => NAMES.includes(group))
    equal(
      found.map(({ group, kind, state }) => `${group} ${kind} ${state}`),
      ['classic classic Stable', 'modern consumer Stable', 'share share Stable', 'tool classic Empty', 'transactional classic Empty'],
    )
  })
  for (const [group, kind, protocol] of [
    ['classic', 'classic', 'range'],
    ['modern', 'consumer', 'uniform'],
  ] as const) {
    await report.check(`describes a ${kind} group with its members, owners, metadata and lag`, async () => {
      const { positions, members, ...rest } = await groupPositions(kafka, group)
      equal([rest.kind, rest.protocol, members.length, members[0]?.clientId], [kind, protocol, 1, `${group}-client`])
      equal(
        positions.map((p) => [p.partition, p.committed, p.metadata, p.end, p.lag, p.owner?.clientId]),
        [
          [0, 4, `by ${kind}`, 11, 7, `${group}-client`],
          [1, 10, '', 11, 1, `${group}-client`],
        ],
      )
    })
  }
  await report.check('describes a share group by where its records begin, and what is not acknowledged', async () => {
    const { kind, members, positions } = await groupPositions(kafka, 'share')
    equal([kind, members[0]?.clientId], ['share', 'share-client'])
    equal(positions.map((p) => [p.partition, p.open]).sort(), [
      [0, 0],
      [1, 0],
    ])
  })
  await report.check('measures lag: exact ages, and a lag that holds only a marker', async () => {
    const meter = new LagMeter(kafka)
    const [lag] = await meter.sample(['classic'])
    meter.close()
    const [zero, one] = lag!.partitions
    equal([zero!.lag, zero!.records?.value, zero!.ageMs?.certainty], [7, 6, 'exact'])
    equal([one!.lag, one!.records, one!.committedAtMs], [1, { ...one!.records, value: 0, certainty: 'exact' }, null])
  })
  await report.check('tells commits of members, of transactions and of tools apart, and not what was aborted', async () => {
    const events: CommitEvent[] = []
    for await (const event of commitHistory(kafka, { groups: NAMES })) events.push(event)
    const of = (group: string) => events.filter((event) => event.group === group && event.partition === 0)
    equal(
      ['classic', 'modern', 'tool', 'transactional'].map((group) => of(group).map((it) => [it.to, it.kind, it.member?.clientId ?? null])),
      [[[4, 'member', 'classic-client']], [[4, 'member', 'modern-client']], [[2, 'outside', null]], [[10, 'transactional', null]]],
    )
  })
  await report.check('knows what was committed at a time', async () => {
    const { positions } = await positionsAt(kafka, 'modern', new Date())
    equal(
      positions.map(({ offset, metadata, certainty }) => [offset, metadata, certainty]),
      [
        [4, 'by consumer', 'exact'],
        [10, '', 'exact'],
      ],
    )
  })
  await report.check('shows the record that is read next, and judges the groups', async () => {
    const records = await peek(kafka, 'tool', { before: 1 })
    equal(
      records.map(({ offset, place, value }) => [offset, place, String(value)]),
      [
        [1, 'before', 'v2'],
        [2, 'at', 'v4'],
      ],
    )
    const found = await examine(kafka, { groups: NAMES })
    equal(
      found.filter(({ severity }) => severity === 'error'),
      [],
    )
    equal(
      found.filter(({ rule }) => rule === 'only-markers').map(({ group, partition }) => [group, partition]),
      [
        ['classic', 1],
        ['modern', 1],
        ['transactional', 0],
      ],
    )
  })
}

/** Kafka's own tool, of groups whose commits lie within their logs. */
async function beside(report: Report, kafka: Kafka, cluster: KafkaCluster): Promise<void> {
  await report.check('counts the lags that kafka-consumer-groups counts', async () => {
    const main = 'org.apache.kafka.tools.consumer.group.ConsumerGroupCommand'
    for (const group of ['classic', 'modern', 'transactional']) {
      const { stdout } = await cluster.tool(main, '--bootstrap-server', cluster.brokers[0]!, '--describe', '--group', group)
      const rows = stdout.split('\n').flatMap((line) => {
        const [name, , partition, current, end, lag] = line.trim().split(/\s+/)
        return name === group ? [[partition, current, end, lag].map(Number)] : []
      })
      const { positions } = await groupPositions(kafka, group)
      equal(
        positions.map((p) => [p.partition, p.committed, p.end, p.lag]),
        rows.sort((a, b) => a[0]! - b[0]!),
      )
    }
  })
}

/** Where tools disagree: a commit beyond the end of the log, below its start, and none at all. */
async function atTheEdges(report: Report, kafka: Kafka): Promise<void> {
  const { topics, groups } = createAdmin(kafka)
  await report.check('says why a lag is special, and never counts below 0 nor what was deleted', async () => {
    await groups.setOffsets('edges', [
      { topic: 'seen', partition: 0, offset: 2 },
      { topic: 'seen', partition: 1, offset: 99 },
    ])
    await topics.deleteRecords('seen', { 0: 5, 1: 0 })
    const { positions } = await groupPositions(kafka, 'edges')
    equal(
      positions.map((p) => [p.partition, p.lag, p.reason]),
      [
        [0, 6, 'below-start'],
        [1, 0, 'beyond-end'],
      ],
    )
    const found = await examine(kafka, { groups: ['edges'] })
    equal(
      found.filter(({ severity }) => severity === 'error').map(({ rule, partition }) => [rule, partition]),
      [
        ['below-start', 0],
        ['beyond-end', 1],
      ],
    )
  })
}
