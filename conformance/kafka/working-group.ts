/**
 * Three members at work on a topic into which a producer writes all the time; what they did is judged when everything
 * was done.
 */
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { createAdmin, createKafka, createProducer, type Kafka, type Producer } from '@tidemark/client'
import { start } from '../tools.ts'
import { sleep, until } from '../waiting.ts'
import { judgeLines, type Line, readLines, type Verdict, valuesDone } from './ledger.ts'

const MEMBER = fileURLToPath(new URL('member.ts', import.meta.url))
const KEYS = 40
const RECORDS_A_BEAT = 40
const BEAT_MS = 100

export class WorkingGroup {
  readonly topic: string
  readonly group: string
  readonly kafka: Kafka
  /** Values that were acknowledged; a scenario that takes their topic away clears it. */
  readonly due = new Set<string>()
  readonly unclean = new Set<string>()
  readonly #brokers: readonly string[]
  readonly #folder = mkdtempSync(path.join(tmpdir(), 'tidemark-group-'))
  readonly #members = new Map<string, ChildProcess>()
  readonly #files: string[] = []
  #producer: Producer
  #producing = true
  #written: Promise<void> = Promise.resolve()
  /** What ended the writing. */
  #failure: { readonly error: unknown } | undefined
  #incarnation = 0
  #n = 0

  private constructor(brokers: readonly string[], name: string) {
    this.#brokers = brokers
    this.topic = `topic-${name}`
    this.group = `group-${name}`
    this.kafka = createKafka({ brokers, clientId: 'judge', requestTimeoutMs: 10_000, metadataMaxAgeMs: 2_000 })
    this.#producer = createProducer(this.kafka)
  }

  static async start(brokers: readonly string[], name: string, replicationFactor: number): Promise<WorkingGroup> {
    const group = new WorkingGroup(brokers, name)
    await createAdmin(group.kafka).topics.create(group.topic, { partitions: 6, replicationFactor })
    for (const member of ['one', 'two', 'three']) group.join(member)
    group.#written = group.#write()
    await until('all three members are at work', () => group.#atWork() === 3)
    await group.progress(200)
    return group
  }

  join(name: string): void {
    const file = path.join(this.#folder, `${name}.jsonl`)
    if (!this.#files.includes(file)) {
      writeFileSync(file, '')
      this.#files.push(file)
    }
    const args = ['--conditions=@tidemark/source', MEMBER, this.#brokers.join(','), this.topic, this.group, name, file]
    this.#members.set(name, start(process.execPath, args, { stdio: ['ignore', 'ignore', 'inherit'] }))
  }

  /** SIGKILL and SIGSTOP make what this member did explain what comes twice. */
  signal(name: string, signal: 'SIGKILL' | 'SIGSTOP' | 'SIGCONT'): void {
    this.unclean.add(name)
    this.#members.get(name)!.kill(signal)
  }

  /**
   * What was written into the old topic need not come any more; the producer starts anew, as one that learned of the
   * new topic would.
   */
  async replaceTopic(replace: () => Promise<void>): Promise<void> {
    this.#producing = false
    await this.#written
    await this.#producer.close()
    await replace()
    this.due.clear()
    this.#incarnation++
    this.#producer = createProducer(this.kafka)
    this.#producing = true
    this.#written = this.#write()
  }

  #write(): Promise<void> {
    return this.#writeOn().catch((error) => {
      this.#failure = { error }
    })
  }

  async #writeOn(): Promise<void> {
    while (this.#producing) {
      const batch = Array.from({ length: RECORDS_A_BEAT }, () => {
        const n = this.#n++
        return { key: `key-${n % KEYS}`, value: `${this.#incarnation}:${n}` }
      })
      await this.#producer.send(this.topic, batch)
      for (const { value } of batch) this.due.add(value)
      await sleep(BEAT_MS)
    }
  }

  /** Members that have done something. */
  #atWork(): number {
    return new Set(this.lines().flatMap((line) => (line.kind === 'done' ? [line.member] : []))).size
  }

  lines(): Line[] {
    return readLines(this.#files)
  }

  /** Waits until so many more records were done. */
  async progress(count: number, withinMs = 60_000): Promise<void> {
    const goal = valuesDone(this.lines()).size + count
    const isReached = (): boolean => {
      if (this.#failure !== undefined) throw this.#failure.error
      return valuesDone(this.lines()).size >= goal
    }
    await until(`${count} more records are done`, isReached, withinMs)
  }

  /** Stops writing, waits until everything is done, lets the members leave, and judges. */
  async finish(): Promise<Verdict> {
    this.#producing = false
    await this.#written
    if (this.#failure !== undefined) throw this.#failure.error
    await until('everything is done', () => isWithin(this.due, valuesDone(this.lines()))).catch(() => {})
    await this.leave()
    return judgeLines(this.lines(), this.due, this.unclean)
  }

  async leave(): Promise<void> {
    for (const child of this.#members.values()) await end(child)
    this.#members.clear()
  }

  async close(): Promise<void> {
    this.#producing = false
    for (const child of this.#members.values()) child.kill('SIGKILL')
    await this.#producer.close().catch(() => {})
    await this.kafka.close()
    rmSync(this.#folder, { recursive: true, force: true })
  }
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const gone = once(child, 'exit')
  child.kill('SIGTERM')
  const impatient = setTimeout(() => child.kill('SIGKILL'), 20_000)
  await gone
  clearTimeout(impatient)
}

const isWithin = (inner: ReadonlySet<string>, outer: ReadonlySet<string>): boolean => {
  for (const value of inner) if (!outer.has(value)) return false
  return true
}
