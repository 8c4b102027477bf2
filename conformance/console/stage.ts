/** A broker on disk with something to look at, and a console over it, both in this process. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { type Broker, startBroker } from '@tidemark/broker'
import { type Admin, createAdmin, createKafka, createProducer, type Kafka } from '@tidemark/client'
import { type Console, type ConsoleOptions, startConsole } from '@tidemark/console'
import { freePort } from '../kafka/ports.ts'

/** Markup wherever a name or a text may have it. */
export const MARKUP = '<img src=x onerror=alert(1)><script>alert(2)</script>'

const SILENT = { debug() {}, info() {}, warn() {}, error() {} }

export class Stage implements AsyncDisposable {
  readonly kafka: Kafka
  readonly admin: Admin
  readonly stateFolder: string
  readonly #folder: string
  readonly #port: number
  #broker: Broker | undefined
  #console: Console | undefined

  private constructor(folder: string, port: number, brokers = [`127.0.0.1:${port}`]) {
    this.#folder = folder
    this.#port = port
    this.stateFolder = path.join(folder, 'state')
    this.kafka = createKafka({ brokers, requestTimeoutMs: 5_000, logger: SILENT })
    this.admin = createAdmin(this.kafka)
  }

  static async start(options: ConsoleOptions = {}): Promise<Stage> {
    const port = await freePort()
    const stage = new Stage(mkdtempSync(path.join(tmpdir(), 'tidemark-console-')), port)
    await stage.startBroker()
    await stage.startConsole(options)
    return stage
  }

  /** A console over a cluster that is there already. */
  static async over(brokers: readonly string[], options: ConsoleOptions = {}): Promise<Stage> {
    const stage = new Stage(mkdtempSync(path.join(tmpdir(), 'tidemark-console-')), 0, [...brokers])
    await stage.startConsole(options)
    return stage
  }

  get url(): string {
    return this.#console!.url.replace(/\/$/, '')
  }

  get port(): number {
    return this.#console!.port
  }

  async startBroker(): Promise<void> {
    this.#broker = await startBroker({ data: path.join(this.#folder, 'data'), listen: { host: '127.0.0.1', port: this.#port } })
  }

  async stopBroker(): Promise<void> {
    await this.#broker?.close()
    this.#broker = undefined
  }

  async startConsole(options: ConsoleOptions = {}): Promise<void> {
    this.#console = await startConsole(this.kafka, {
      stateFolder: this.stateFolder,
      intervalMs: 500,
      clusterName: 'prod-eu',
      user: 'ada',
      ...options,
    })
  }

  async stopConsole(): Promise<void> {
    await this.#console?.close()
    this.#console = undefined
  }

  /** Records a second apart, the last one now, on partitions in turn. */
  async fill(topic: string, records: number, partitions: number, retentionMs = 86_400_000): Promise<void> {
    await this.admin.topics.create(topic, { partitions, configs: { 'retention.ms': String(retentionMs) } })
    await using producer = createProducer(this.kafka)
    const nowMs = Date.now()
    const sends = Array.from({ length: records }, (_, i) => {
      const value = JSON.stringify({ order: 70_000 + i, customer: `c-${5_500 + (i % 40)}`, total: (i % 90) * 3.5 })
      return producer.send(topic, {
        key: `c-${5_500 + (i % 40)}`,
        value,
        partition: i % partitions,
        timestampMs: nowMs - (records - i) * 1_000,
      })
    })
    await Promise.all(sends)
  }

  async commit(group: string, topic: string, offsets: readonly number[]): Promise<void> {
    const rows = offsets.map((offset, partition) => ({ topic, partition, offset, metadata: `made by ${group}` }))
    await this.admin.groups.setOffsets(group, rows)
  }

  async places(group: string): Promise<string> {
    const rows = await this.admin.groups.offsets(group)
    return rows.map((r) => `${r.topic}-${r.partition}: ${r.offset} ${r.leaderEpoch} ${r.metadata}`).join('\n')
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stopConsole()
    await this.kafka.close()
    await this.stopBroker()
    rmSync(this.#folder, { recursive: true, force: true })
  }
}
