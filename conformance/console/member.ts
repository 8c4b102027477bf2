/** A member of a group, in this process. */
import { createAdmin, type Kafka } from '@tidemark/client'
import { createConsumer } from '@tidemark/consumer'

export type Handler = (message: { readonly partition: number; readonly offset: number }) => Promise<void>

export class Member implements AsyncDisposable {
  readonly #stop = new AbortController()
  #done: Promise<void> = Promise.resolve()

  /** Resolves once the group has one member more, and is stable. */
  static async join(kafka: Kafka, group: string, handle: Handler = async () => {}, topic = 'orders'): Promise<Member> {
    const { groups } = createAdmin(kafka)
    const before = (await groups.describe(group)).members.length
    const member = new Member()
    const consumer = createConsumer(kafka, { group })
    consumer.each(topic, { order: 'none', concurrency: 64, retry: { attempts: 1_000, delayMs: 3_000 } }, (message) => handle(message))
    member.#done = consumer.run({ signal: member.#stop.signal })
    // It may fail before anybody waits for it; `leave` reports it.
    member.#done.catch(() => {})
    for (;;) {
      const { members, state } = await groups.describe(group)
      if (members.length > before && state === 'Stable') return member
    }
  }

  async leave(): Promise<void> {
    this.#stop.abort()
    await this.#done
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.leave()
  }
}
