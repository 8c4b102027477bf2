/** Kafka's command line tools in one JVM: see ToolBox.java. */
import type { ChildProcess } from 'node:child_process'
import path from 'node:path'
import { createInterface, type Interface } from 'node:readline'
import { type KafkaVersion, kafkaJars } from '../kafka/jars.ts'
import { type Finished, start } from '../tools.ts'

const TOOL_MAX_MS = 60_000

/** By the name of its script, without `kafka-` and `.sh`: the class. */
export const TOOLS = {
  acls: 'org.apache.kafka.tools.AclCommand',
  'broker-api-versions': 'org.apache.kafka.tools.BrokerApiVersionsCommand',
  'client-metrics': 'org.apache.kafka.tools.ClientMetricsCommand',
  cluster: 'org.apache.kafka.tools.ClusterTool',
  configs: 'kafka.admin.ConfigCommand',
  'console-consumer': 'org.apache.kafka.tools.consumer.ConsoleConsumer',
  'console-producer': 'org.apache.kafka.tools.ConsoleProducer',
  'consumer-groups': 'org.apache.kafka.tools.consumer.group.ConsumerGroupCommand',
  'consumer-perf-test': 'org.apache.kafka.tools.ConsumerPerformance',
  'delete-records': 'org.apache.kafka.tools.DeleteRecordsCommand',
  'dump-log': 'org.apache.kafka.tools.DumpLogSegments',
  features: 'org.apache.kafka.tools.FeatureCommand',
  'get-offsets': 'org.apache.kafka.tools.GetOffsetShell',
  groups: 'org.apache.kafka.tools.GroupsCommand',
  'leader-election': 'org.apache.kafka.tools.LeaderElectionCommand',
  'log-dirs': 'org.apache.kafka.tools.LogDirsCommand',
  'metadata-quorum': 'org.apache.kafka.tools.MetadataQuorumCommand',
  'producer-perf-test': 'org.apache.kafka.tools.ProducerPerformance',
  'reassign-partitions': 'org.apache.kafka.tools.reassign.ReassignPartitionsCommand',
  topics: 'org.apache.kafka.tools.TopicCommand',
  transactions: 'org.apache.kafka.tools.TransactionsCommand',
} as const
export type ToolName = keyof typeof TOOLS

/** Behind a letter, so that nothing is empty. */
const encoded = (text: string): string => `=${Buffer.from(text).toString('base64')}`
const decoded = (text: string): string => Buffer.from(text.slice(1), 'base64').toString()

export class ToolBox implements AsyncDisposable {
  readonly #version: KafkaVersion
  #jvm: ChildProcess | undefined
  #answers: Interface | undefined

  constructor(version: KafkaVersion) {
    this.#version = version
  }

  #start(): { jvm: ChildProcess; answers: Interface } {
    if (this.#jvm === undefined || this.#answers === undefined) {
      const args = ['-Xmx384m', '-XX:TieredStopAtLevel=1', '-Djava.awt.headless=true', '-cp', kafkaJars(this.#version)]
      this.#jvm = start('java', [...args, path.join(import.meta.dirname, 'ToolBox.java')], { stdio: ['pipe', 'pipe', 'inherit'] })
      this.#answers = createInterface({ input: this.#jvm.stdout! })
    }
    return { jvm: this.#jvm, answers: this.#answers }
  }

  /** One tool to its end; a JVM whose tool does not end is given up, and `code` is null. */
  run(tool: ToolName, args: readonly string[], input = ''): Promise<Finished> {
    const { jvm, answers } = this.#start()
    return new Promise((resolve) => {
      const end = (finished: Finished): void => {
        clearTimeout(timer)
        answers.off('line', onLine)
        jvm.off('exit', giveUp)
        resolve(finished)
      }
      const giveUp = (): void => {
        this.#jvm = undefined
        this.#answers = undefined
        jvm.kill('SIGKILL')
        end({ code: null, stdout: '', stderr: `the tool did not end within ${TOOL_MAX_MS} ms, or ended the JVM` })
      }
      const onLine = (line: string): void => {
        const [code, stdout, stderr] = line.split(' ')
        end({ code: Number(code), stdout: decoded(stdout!), stderr: decoded(stderr!) })
      }
      const timer = setTimeout(giveUp, TOOL_MAX_MS)
      answers.on('line', onLine)
      jvm.on('exit', giveUp)
      jvm.stdin!.write(`${[TOOLS[tool], input, ...args].map(encoded).join(' ')}\n`)
    })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#jvm?.removeAllListeners('exit')
    this.#jvm?.kill('SIGKILL')
  }
}
