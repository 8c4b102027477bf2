/** What is done to a cluster of three nodes under a working group, and what must hold afterwards. */
import { createAdmin } from '@tidemark/client'
import { equal, type Report } from '../report.ts'
import type { Finished } from '../tools.ts'
import { sleep } from '../waiting.ts'
import type { KafkaCluster } from './cluster.ts'
import type { Verdict } from './ledger.ts'
import { WorkingGroup } from './working-group.ts'

const SESSION_MS = 6_000

type Upset = (group: WorkingGroup, cluster: KafkaCluster) => Promise<void>

function mustWork({ code, stdout, stderr }: Finished): string {
  if (code !== 0) throw new Error(`Kafka's tool ended with ${code}: ${stdout}${stderr}`)
  return stdout
}

/** Every leader goes back to the first replica of its partition. */
const electPreferred = async (cluster: KafkaCluster): Promise<void> => {
  const args = ['--bootstrap-server', cluster.brokers.join(','), '--election-type', 'preferred', '--all-topic-partitions']
  mustWork(await cluster.tool('org.apache.kafka.tools.LeaderElectionCommand', ...args))
}

const UPSETS: Readonly<Record<string, Upset>> = {
  'a broker is killed and comes back': async (group, cluster) => {
    await cluster.stop(2, 'SIGKILL')
    await group.progress(400)
    await cluster.start(2)
    await group.progress(400)
  },
  'the leaders move': async (group, cluster) => {
    await cluster.stop(1, 'SIGTERM')
    await group.progress(200)
    await cluster.start(1)
    await sleep(3_000)
    await electPreferred(cluster)
    await group.progress(400)
  },
  'the coordinator moves': async (group, cluster) => {
    const { coordinator } = await createAdmin(group.kafka).groups.describe(group.group)
    await cluster.stop(coordinator, 'SIGTERM')
    await group.progress(400)
    const moved = await createAdmin(group.kafka).groups.describe(group.group)
    if (moved.coordinator === coordinator) throw new Error('the coordinator did not move')
    await cluster.start(coordinator)
    await group.progress(200)
  },
  'partitions are added': async (group, cluster) => {
    const args = ['--bootstrap-server', cluster.brokers.join(','), '--alter', '--topic', group.topic, '--partitions', '9']
    mustWork(await cluster.tool('org.apache.kafka.tools.TopicCommand', ...args))
    await sleep(8_000)
    await group.progress(400)
    equal(new Set(group.lines().flatMap((line) => (line.kind === 'assigned' ? [line.partition] : []))).size, 9)
  },
  'the topic is deleted and created again': async (group) => {
    const { topics } = createAdmin(group.kafka)
    await group.replaceTopic(async () => {
      await topics.delete(group.topic)
      await topics.create(group.topic, { partitions: 6, replicationFactor: 3 })
    })
    await group.progress(400)
  },
  'a member is killed': async (group) => {
    group.signal('one', 'SIGKILL')
    await sleep(SESSION_MS)
    await group.progress(400)
  },
  'a member is stopped for longer than its session, and goes on': async (group) => {
    group.signal('two', 'SIGSTOP')
    await sleep(SESSION_MS * 2)
    await group.progress(200)
    group.signal('two', 'SIGCONT')
    await group.progress(400)
  },
}

/** Lost 0; order per key kept; each record that came twice is explained. */
function mustHold(verdict: Verdict): void {
  equal(
    { lost: verdict.lost.length, outOfOrder: verdict.outOfOrder.length, unexplained: verdict.unexplained.slice(0, 3) },
    { lost: 0, outOfOrder: 0, unexplained: [] },
  )
}

export async function judgeUpsets(report: Report, cluster: KafkaCluster): Promise<void> {
  let n = 0
  for (const [name, upset] of Object.entries(UPSETS)) {
    await report.check(name, async () => {
      const group = await WorkingGroup.start(cluster.brokers, `upset-${n++}`, 3)
      try {
        await upset(group, cluster)
        const verdict = await group.finish()
        console.log(`         ${verdict.delivered} done, ${verdict.twice} of them twice`)
        mustHold(verdict)
      } finally {
        await group.close()
      }
    })
  }
  await report.check("Kafka's own tool resets the offsets of the group: refused while it works, followed when it comes back", () =>
    resetUnderTheGroup(cluster),
  )
}

async function resetUnderTheGroup(cluster: KafkaCluster): Promise<void> {
  const group = await WorkingGroup.start(cluster.brokers, 'reset', 3)
  const args = [
    '--bootstrap-server',
    cluster.brokers.join(','),
    '--group',
    group.group,
    '--topic',
    group.topic,
    '--reset-offsets',
    '--to-earliest',
    '--execute',
  ]
  const reset = (): Promise<Finished> => cluster.tool('org.apache.kafka.tools.consumer.group.ConsumerGroupCommand', ...args)
  try {
    const refused = await reset()
    if (!`${refused.stdout}${refused.stderr}`.includes('inactive')) throw new Error(`not refused: ${refused.stdout}${refused.stderr}`)
    await group.progress(200)
    mustHold(await group.finish())
    const before = group.lines().length
    mustWork(await reset())
    for (const member of ['four', 'five']) group.join(member)
    for (const member of ['one', 'two', 'three']) group.unclean.add(member) // the reset explains what comes twice now
    const due = group.due.size
    for (let waited = 0; waited < 60_000; waited += 200) {
      if (group.lines().filter((line, i) => i >= before && line.kind === 'done').length >= due) break
      await sleep(200)
    }
    await group.leave()
    const again = group.lines().filter((line, i) => i >= before && line.kind === 'done')
    equal(again.length, due)
    mustHold(await group.finish())
  } finally {
    await group.close()
  }
}
