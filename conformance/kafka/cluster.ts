/**
 * Apache Kafka on this machine: one node or three (KRaft, each broker and controller), on free ports of the loopback
 * address. What was started is stopped by its process id, and its folders go with it: by `close()`, and if that is
 * never reached, when this process ends.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { createAdmin, createKafka } from '@tidemark/client'
import { type Finished, run } from '../tools.ts'
import { sleep } from '../waiting.ts'
import { type KafkaVersion, kafkaJars } from './jars.ts'
import { freePorts } from './ports.ts'

const CLUSTER_ID = 'dGlkZW1hcmstdGlkZW1hcg'
const START_MAX_MS = 90_000

interface KafkaNode {
  readonly id: number
  readonly folder: string
  readonly address: string
  /** One for each protocol that was asked for. */
  readonly secured: readonly string[]
  process: ChildProcess | undefined
}

/** Further listeners of each node, and what they need. */
export interface Secured {
  readonly protocols: readonly ('SSL' | 'SASL_PLAINTEXT' | 'SASL_SSL')[]
  readonly settings: Readonly<Record<string, string>>
}

export interface KafkaCluster {
  readonly version: KafkaVersion
  readonly brokers: readonly string[]
  /** Of the first node: the address of each protocol that was asked for. */
  readonly secured: readonly string[]
  /** Ends node `id` (1 is the first) with this signal, and waits until it is gone. */
  stop(id: number, signal: 'SIGTERM' | 'SIGKILL'): Promise<void>
  start(id: number): Promise<void>
  /** One of Kafka's own tools, by its class: `org.apache.kafka.tools.consumer.group.ConsumerGroupCommand`. */
  tool(mainClass: string, ...args: string[]): Promise<Finished>
  close(): Promise<void>
}

function properties(node: KafkaNode, controllerPorts: readonly number[], { protocols, settings: more }: Secured): string {
  const nodes = controllerPorts.length
  const replicas = Math.min(3, nodes)
  const forClients = [`PLAINTEXT://${node.address}`, ...protocols.map((protocol, i) => `${protocol}://${node.secured[i]}`)].join(',')
  const settings: Record<string, string | number | boolean> = {
    'process.roles': 'broker,controller',
    'node.id': node.id,
    'controller.quorum.voters': controllerPorts.map((port, i) => `${i + 1}@127.0.0.1:${port}`).join(','),
    listeners: `${forClients},CONTROLLER://127.0.0.1:${controllerPorts[node.id - 1]}`,
    'advertised.listeners': forClients,
    'controller.listener.names': 'CONTROLLER',
    'listener.security.protocol.map': ['PLAINTEXT:PLAINTEXT', 'CONTROLLER:PLAINTEXT', ...protocols.map((it) => `${it}:${it}`)].join(','),
    'log.dirs': path.join(node.folder, 'data'),
    'num.partitions': 4,
    'default.replication.factor': replicas,
    'min.insync.replicas': nodes > 1 ? 2 : 1,
    'offsets.topic.replication.factor': replicas,
    'offsets.topic.num.partitions': 4,
    'transaction.state.log.replication.factor': replicas,
    'transaction.state.log.num.partitions': 4,
    'transaction.state.log.min.isr': 1,
    'group.initial.rebalance.delay.ms': 0,
    'auto.leader.rebalance.enable': false,
    'log.cleaner.dedupe.buffer.size': 4_194_304,
    'broker.heartbeat.interval.ms': 500,
    'broker.session.timeout.ms': 4_000,
    ...more,
  }
  return Object.entries(settings)
    .map(([key, value]) => `${key}=${value}\n`)
    .join('')
}

const NOT_SECURED: Secured = { protocols: [], settings: {} }

export async function startKafka(version: KafkaVersion, nodes: 1 | 3, secured = NOT_SECURED): Promise<KafkaCluster> {
  const classPath = kafkaJars(version)
  const root = mkdtempSync(path.join(tmpdir(), `tidemark-kafka-${version}-`))
  const ports = await freePorts(nodes * (2 + secured.protocols.length))
  const heap = nodes === 1 ? '-Xmx1g' : '-Xmx512m'
  const java = (...args: string[]): string[] => [heap, '-XX:+UseG1GC', '-Djava.awt.headless=true', '-cp', classPath, ...args]
  const all: KafkaNode[] = Array.from({ length: nodes }, (_, i) => ({
    id: i + 1,
    folder: path.join(root, `node-${i + 1}`),
    address: `127.0.0.1:${ports[i]}`,
    secured: secured.protocols.map((_, nth) => `127.0.0.1:${ports[nodes * (2 + nth) + i]}`),
    process: undefined,
  }))
  const brokers = all.map((node) => node.address)

  const lastResort = (): void => {
    for (const node of all) node.process?.kill('SIGKILL')
    rmSync(root, { recursive: true, force: true })
  }
  process.once('exit', lastResort)

  const launch = (node: KafkaNode): void => {
    const log = openSync(path.join(node.folder, 'stdout.log'), 'a')
    node.process = spawn('java', java('kafka.Kafka', path.join(node.folder, 'server.properties')), { stdio: ['ignore', log, log] })
    closeSync(log)
  }
  const end = async (node: KafkaNode, signal: 'SIGTERM' | 'SIGKILL'): Promise<void> => {
    const child = node.process
    node.process = undefined
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return
    const gone = once(child, 'exit')
    child.kill(signal)
    const impatient = setTimeout(() => child.kill('SIGKILL'), 20_000)
    await gone
    clearTimeout(impatient)
  }
  const nodeOf = (id: number): KafkaNode => {
    const node = all[id - 1]
    if (node === undefined) throw new Error(`the cluster has no node ${id}`)
    return node
  }
  const close = async (): Promise<void> => {
    await Promise.all(all.map((node) => end(node, 'SIGKILL')))
    process.off('exit', lastResort)
    rmSync(root, { recursive: true, force: true })
  }

  try {
    await Promise.all(
      all.map(async (node) => {
        mkdirSync(node.folder, { recursive: true })
        const file = path.join(node.folder, 'server.properties')
        writeFileSync(file, properties(node, ports.slice(nodes, 2 * nodes), secured))
        const formatted = await run('java', java('kafka.tools.StorageTool', 'format', '-t', CLUSTER_ID, '-c', file), undefined, 60_000)
        if (formatted.code !== 0) throw new Error(`Kafka's storage cannot be formatted: ${formatted.stdout}${formatted.stderr}`)
      }),
    )
    for (const node of all) launch(node)
    await serving(brokers, all)
  } catch (error) {
    const said = all.map((node) => readFileSync(path.join(node.folder, 'stdout.log'), 'utf8').slice(-1_000)).join('\n')
    await close()
    throw new Error(`Kafka ${version} did not start: ${error instanceof Error ? error.message : String(error)}\n${said}`)
  }

  return {
    version,
    brokers,
    secured: all[0]!.secured,
    stop: (id, signal) => end(nodeOf(id), signal),
    start: async (id) => {
      launch(nodeOf(id))
      await serving([nodeOf(id).address], all)
    },
    tool: (mainClass, ...args) =>
      run('java', ['-Xmx256m', '-XX:TieredStopAtLevel=1', '-cp', classPath, mainClass, ...args], undefined, 60_000),
    close,
  }
}

/** Waits until these brokers answer, and the cluster has as many brokers as run. */
async function serving(brokers: readonly string[], all: readonly KafkaNode[]): Promise<void> {
  const end = Date.now() + START_MAX_MS
  for (const broker of brokers) {
    for (;;) {
      const dead = all.find((node) => node.process !== undefined && node.process.exitCode !== null)
      if (dead !== undefined) throw new Error(`node ${dead.id} ended with code ${dead.process!.exitCode}`)
      await using kafka = createKafka({ brokers: [broker], connectTimeoutMs: 500, requestTimeoutMs: 2_000 })
      const alive = await createAdmin(kafka)
        .topics.list()
        .then(
          () => true,
          () => false,
        )
      if (alive) break
      if (Date.now() > end) throw new Error(`${broker} does not serve after ${START_MAX_MS} ms`)
      await sleep(200)
    }
  }
}
