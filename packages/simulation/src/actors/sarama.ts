/**
 * A program in Sarama's shape, in a group of its own: it reads ahead, works on messages side by side, and marks them as
 * they finish, which is out of order (T15). It is crashed and started again. The invariants of commits see it as they
 * see every other member.
 */
import type { ReceivedMessage } from '@tidemark/client'
import { type ConsumerGroupClaim, type ConsumerGroupSession, newConsumerGroup, offsetOldest } from '@tidemark/consumer/sarama'
import type { Process } from '@tidemark/testing/internal'
import { type Handling, placeOf } from '../facts.ts'
import type { World } from '../world.ts'

const GROUP = 'sarama'
const AHEAD_MAX = 8

export class SaramaMember {
  readonly #world: World
  readonly #name: string
  #calls = 0
  #isCommittedByHand = false

  constructor(world: World, name: string) {
    this.#world = world
    this.#name = name
  }

  start(): void {
    const process = this.#world.newProcess(this.#name, this.#world.chance)
    this.#world.drawn('member', 'sarama')
    process.later(this.#world.chance.between(0, 500), () => void this.#run(process).catch((error) => this.#ended(process, error)))
    const aliveMs = this.#world.chance.between(400, 4_000)
    this.#world.scheduler.later(aliveMs, () => {
      if (this.#world.calm || !process.alive) return
      process.crash()
      this.#world.tell({ kind: 'memberCrashed', process })
      this.start()
    })
  }

  /** What ends a run may pass: the program begins anew. */
  #ended(process: Process, error: unknown): void {
    if (!process.alive) return
    if ((error as { name?: string } | undefined)?.name !== 'TidemarkError') this.#world.fail('consume() fails with a TidemarkError', error)
    process.crash()
    this.#world.tell({ kind: 'memberCrashed', process })
    this.#world.scheduler.later(200, () => this.start())
  }

  async #run(process: Process): Promise<void> {
    const enable = this.#world.chance.chance(0.7)
    this.#isCommittedByHand = !enable
    const group = newConsumerGroup(this.#world.kafkaOn(process), GROUP, {
      offsets: { initial: offsetOldest, autoCommit: { enable, intervalMs: 60 } },
      group: { sessionTimeoutMs: 400, heartbeatIntervalMs: 60, rebalanceTimeoutMs: 800 },
      unmarkedMax: 20,
    })
    for (;;) await group.consume(this.#world.topicNames, { consumeClaim: (session, claim) => this.#consume(process, session, claim) })
  }

  async #consume(process: Process, session: ConsumerGroupSession, claim: ConsumerGroupClaim): Promise<void> {
    const works = new Set<Promise<void>>()
    for await (const message of claim.messages()) {
      const work = this.#work(process, session, message).finally(() => works.delete(work))
      works.add(work)
      if (works.size >= AHEAD_MAX) await Promise.race(works)
      if (this.#world.chance.chance(0.05)) void session.commit().catch(() => {}) // told as events; the next one covers it
      if (!this.#world.calm && this.#world.chance.chance(0.01)) break // the session ends, and begins anew
    }
    await Promise.all(works)
  }

  async #work(process: Process, session: ConsumerGroupSession, message: ReceivedMessage): Promise<void> {
    const { topic, partition, offset, key, value } = message
    const handling: Handling = {
      process,
      group: GROUP,
      place: placeOf(topic, partition),
      offset,
      key: key?.toString(),
      value: value!.toString(),
      call: --this.#calls - 1_000_000 * Number(this.#name.split('-')[1]),
      how: { order: 'none', concurrency: 1_000, isCommittedByHand: this.#isCommittedByHand },
      signal: () => session.signal,
    }
    this.#world.tell({ kind: 'handlerStarted', ...handling })
    await new Promise<void>((resolve) => process.later(this.#world.chance.between(0, 40), resolve))
    this.#world.tell({ kind: 'handlerDone', ...handling })
    session.markMessage(message)
  }
}
