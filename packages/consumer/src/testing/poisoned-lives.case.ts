/** Processes that their handlers kill with kill -9: each test has a broker and a topic of its own. */
import { spawn } from 'node:child_process'
import path from 'node:path'
import { type Broker, startBroker } from '@tidemark/broker'
import { createAdmin, createKafka, createProducer, type Kafka, type ReceivedMessage, read } from '@tidemark/client'
import { afterEach, beforeEach, expect } from 'vitest'
import { deadLetterOrigin } from '../index.ts'

const PROGRAM = path.join(import.meta.dirname, 'poisoned.case.ts')

export interface Life {
  readonly signal: NodeJS.Signals | null
  readonly code: number | null
  readonly handled: readonly string[]
  readonly stderr: string
}

export const fine: readonly string[] = Array.from({ length: 60 }, (_, i) => `fine-${i}`)

export class PoisonedLives {
  #broker!: Broker
  kafka!: Kafka

  constructor() {
    beforeEach(async () => {
      this.#broker = await startBroker({ data: ':memory:' })
      this.kafka = createKafka({ brokers: this.#broker.brokers })
      await createAdmin(this.kafka).topics.create('t', { partitions: 3 })
    })
    afterEach(async () => {
      await this.kafka.close()
      await this.#broker.close()
    })
  }

  one(...args: string[]): Promise<Life> {
    return new Promise((resolve, reject) => {
      const child = spawn(process.execPath, ['--conditions=@tidemark/source', PROGRAM, this.#broker.brokers[0]!, ...args], {
        stdio: ['ignore', 'pipe', 'pipe'],
      })
      const out = { stdout: '', stderr: '' }
      child.stdout.setEncoding('utf8').on('data', (text) => (out.stdout += text))
      child.stderr.setEncoding('utf8').on('data', (text) => (out.stderr += text))
      child
        .on('error', reject)
        .on('close', (code, signal) => resolve({ code, signal, handled: out.stdout.split('\n').filter(Boolean), stderr: out.stderr }))
    })
  }

  /** Starts it again for as long as it is killed. */
  async all(...args: string[]): Promise<Life[]> {
    const lives: Life[] = []
    do lives.push(await this.one(...args))
    while (lives.at(-1)!.signal === 'SIGKILL' && lives.length < 12)
    return lives
  }

  async produce(...killers: string[]): Promise<void> {
    await using producer = createProducer(this.kafka)
    const values = [...fine.slice(0, 40), ...killers, ...fine.slice(40)]
    await producer.send(
      't',
      values.map((value, i) => ({ key: `key-${i % 12}`, value })),
    )
  }

  async deadLetters(): Promise<ReceivedMessage[]> {
    const out: ReceivedMessage[] = []
    for await (const message of read(this.kafka, 'dead', { to: 'end' })) out.push(message)
    return out
  }

  async expectDeadLetterAfterThreeDeaths(kind: string): Promise<void> {
    await this.produce('killer')
    const lives = await this.all(kind, '3', 'dead')
    expect(lives.map(({ signal, code }) => signal ?? code)).toEqual(['SIGKILL', 'SIGKILL', 'SIGKILL', 0])
    const letters = await this.deadLetters()
    expect(letters.map((m) => m.value!.toString())).toEqual(['killer'])
    expect(deadLetterOrigin(letters[0]!)).toMatchObject({ cause: 'killed the process', errorMessage: /killed its process 3 times/ })
    expect(new Set(lives.flatMap((life) => life.handled))).toEqual(new Set(fine))
    expect(await this.one(kind, '3', 'dead')).toMatchObject({ code: 0, handled: [] })
  }
}
