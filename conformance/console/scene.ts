/** Something to look at: a group that is held back by one record, others that are idle, behind, or were moved. */
import { createProducer } from '@tidemark/client'
import { applyPlan, MoveStore, planMove } from '@tidemark/offsets'
import { type Handler, Member } from './member.ts'
import { Stage } from './stage.ts'

/** The record that cannot be handled. */
const STUCK = { partition: 2, offset: 1_740 }

export class Scene implements AsyncDisposable {
  readonly stage: Stage
  readonly #members: Member[] = []
  #writing: ReturnType<typeof setInterval> | undefined

  private constructor(stage: Stage) {
    this.stage = stage
  }

  static async start(): Promise<Scene> {
    const scene = new Scene(await Stage.start({ intervalMs: 1_000 }))
    await scene.#build()
    return scene
  }

  async #build(): Promise<void> {
    const { stage } = this
    // Records of the first minutes are deleted next.
    await stage.fill('orders', 6_000, 3, 6_150_000)
    await stage.fill('payments', 2_400, 2)
    await stage.fill('refunds', 400, 1)
    for (const [group, topic, offsets] of [
      ['audit', 'payments', [1_190, 1_198]],
      ['billing', 'orders', [1_400, 1_500, 1_650]],
      ['fraud-check', 'payments', [20, 310]],
      ['ledger', 'refunds', [900]],
      ['mailer', 'refunds', [400]],
      ['search-index', 'orders', [700, 1_990, 1_300]],
      ['warehouse', 'orders', [2_000, 2_000, 2_000]],
    ] as const) {
      await stage.commit(group, topic, offsets)
    }
    await this.#moved('billing', 'ada', 'replay after fix 412', [1_180, 1_290, 1_500])
    await this.#moved('search-index', 'grace', 'index was rebuilt', [300, 1_500, 900])
    const handle: Handler = async ({ partition, offset }) => {
      if (partition === STUCK.partition && offset === STUCK.offset) throw new Error('the customer does not exist')
      if (partition === STUCK.partition && offset % 7 === 0 && offset > STUCK.offset) await new Promise((done) => setTimeout(done, 400))
    }
    this.#members.push(await Member.join(stage.kafka, 'billing', handle))
    this.#members.push(await Member.join(stage.kafka, 'warehouse'))
    await using producer = createProducer(stage.kafka)
    await producer.send('orders', { key: 'c-5501', value: '{"order":76001,"customer":"c-5501","total":12.5}', partition: 0 })
    this.#writing = setInterval(() => void this.#write(), 50)
  }

  async #write(): Promise<void> {
    await using producer = createProducer(this.stage.kafka)
    const value = JSON.stringify({ order: 76_002, customer: 'c-5530', total: 88 })
    await producer.send('orders', { key: 'c-5530', value, partition: STUCK.partition })
  }

  async #moved(group: string, user: string, reason: string, offsets: readonly number[]): Promise<void> {
    const { kafka, stateFolder } = this.stage
    const topic = 'orders'
    const target = { kind: 'list', offsets: offsets.map((offset, partition) => ({ topic, partition, offset })) } as const
    const plan = await planMove(kafka, { group, scope: 'all', target })
    await applyPlan(kafka, plan, { user, reason, store: new MoveStore(`${stateFolder}/moves`), ghostCheckMs: 0 })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#writing)
    for (const member of this.#members) await member.leave()
    await this.stage[Symbol.asyncDispose]()
  }
}
