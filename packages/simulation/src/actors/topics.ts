/**
 * The operator of the topics: creates them, creates again what a loss of power took, and deletes one and creates it
 * anew.
 */
import { createAdmin, type Kafka, type ReadOptions, read } from '@tidemark/client'
import { type Process, SeededRandom } from '@tidemark/testing/internal'
import { DEAD_LETTERS } from '../wire/letters.ts'
import { counted, countOptions } from '../workload/counted.ts'
import { GROUP, TOPIC, type World } from '../world.ts'

const OFFSETS_TOPIC = '__consumer_offsets'

export class TopicKeeper {
  readonly #world: World
  /** One is deleted, and not created again yet. */
  isRemaking = false
  /** All partitions, of `__consumer_offsets` too, have a replica on every node. */
  isEverywhere = false

  constructor(world: World) {
    this.#world = world
  }

  start(): void {
    const { plan } = this.#world
    const maker = this.#world.newProcess('maker')
    maker.later(1, () => void this.#make(maker, TOPIC))
    if (plan.nodes.gone !== undefined) {
      const looker = this.#world.newProcess('looker', new SeededRandom(plan.nodes.gone.fromMs))
      looker.later(1, () => void this.#lookEverywhere(looker))
    }
    const { everything } = plan
    if (everything === undefined) return
    const keeper = this.#world.newProcess('keeper', this.#world.chance)
    for (const { name } of everything.topics.slice(1)) keeper.later(1, () => void this.#make(keeper, name))
    if (everything.letters)
      keeper.later(this.#world.chance.between(1, everything.lettersFromMs), () => void this.#make(keeper, DEAD_LETTERS))
    if (everything.truncation) keeper.later(500, () => void this.#keep(keeper))
    if (everything.topicIsMadeAgain) {
      keeper.later(this.#world.chance.between(500, plan.faultsUntilMs), () => void this.#remake(keeper, TOPIC))
    }
    if (everything.bystanders) keeper.later(300, () => void this.#stand(keeper))
  }

  async #lookEverywhere(process: Process): Promise<void> {
    const kafka = this.#world.kafkaOn(process)
    const { topics } = createAdmin(kafka)
    const letters = this.#world.plan.everything?.letters === true ? [DEAD_LETTERS] : []
    const names = [OFFSETS_TOPIC, ...this.#world.topicNames, ...letters]
    while (!this.isEverywhere && !this.#world.calm) {
      try {
        const found = await Promise.all(names.map((name) => topics.describe(name)))
        this.isEverywhere = found.every((t) => t.partitions.every((p) => p.replicas.length === this.#world.plan.nodes.count))
      } catch (error) {
        if ((error as { name?: string }).name !== 'TidemarkError')
          this.#world.fail('a look at a topic gets an answer or a TidemarkError', error)
      }
      await new Promise<void>((resolve) => process.later(50, resolve))
    }
    await kafka.close()
  }

  async #make(process: Process, topic: string): Promise<void> {
    const kafka = this.#world.kafkaOn(process)
    for (;;) {
      try {
        await counted(this.#world, 'Topics', createAdmin(kafka).topics).create(topic, {
          partitions: this.#world.plan.partitions,
          ...(this.#world.plan.nodes.count > 1 && { replicationFactor: this.#world.plan.nodes.replicas }),
        })
        return
      } catch (error) {
        if ((error as { code?: string }).code === 'TOPIC_EXISTS') return
        await new Promise<void>((resolve) => process.later(50, resolve))
      }
    }
  }

  /** A topic whose creation was lost with the power is created again. */
  async #keep(process: Process): Promise<void> {
    for (const { name } of this.#world.plan.everything!.topics) await this.#make(process, name)
    process.later(500, () => void this.#keep(process))
  }

  async #remake(process: Process, topic: string): Promise<void> {
    const kafka = this.#world.kafkaOn(process)
    this.#world.say(`${topic} is deleted and created again`)
    this.isRemaking = true
    for (;;) {
      try {
        await counted(this.#world, 'Topics', createAdmin(kafka).topics).delete(topic)
        break
      } catch (error) {
        if ((error as { code?: string }).code === 'UNKNOWN_TOPIC') break
        await new Promise<void>((resolve) => process.later(50, resolve))
      }
    }
    await this.#make(process, topic)
    this.isRemaking = false
  }

  /** Programs that look on: what they read and ask for is right whenever it comes. */
  async #stand(process: Process): Promise<void> {
    const kafka = this.#world.kafkaOn(process)
    try {
      await this.#look(kafka)
    } catch (error) {
      if ((error as { name?: string }).name !== 'TidemarkError') this.#world.fail('a bystander gets an answer or a TidemarkError', error)
    }
    await kafka.close()
    if (!this.#world.calm) process.later(this.#world.chance.between(100, 900), () => void this.#stand(process))
  }

  async #look(kafka: Kafka): Promise<void> {
    const { chance } = this.#world
    const admin = createAdmin(kafka)
    const topics = counted(this.#world, 'Topics', admin.topics)
    const groups = counted(this.#world, 'Groups', admin.groups)
    const looks: (() => Promise<unknown>)[] = [
      () => this.#read(kafka),
      () => groups.list(),
      () => groups.describe(GROUP),
      () => groups.offsets(GROUP),
      () => topics.list(),
      () => topics.describe(TOPIC),
      () => topics.offsets(TOPIC, chance.chance(0.5) ? 'latest' : 'earliest'),
    ]
    await looks[chance.below(looks.length)]!()
  }

  async #read(kafka: Kafka): Promise<void> {
    const { chance, ledger } = this.#world
    const from = chance.chance(0.5) ? 'earliest' : new Date(this.#world.now() - chance.below(1_000))
    let left = 1 + chance.below(40)
    const options: ReadOptions = {
      from,
      to: chance.chance(0.7) ? 'end' : chance.chance(0.5) ? new Date(this.#world.now()) : 10,
      isolation: chance.chance(0.5) ? 'read_committed' : 'read_uncommitted',
      bufferBytesMax: 500 + chance.below(8_000),
      checkCrc: chance.chance(0.5),
      ...(chance.chance(0.3) && { partitions: [0] }),
    }
    countOptions(this.#world, 'ReadOptions', options)
    for await (const m of read(kafka, TOPIC, options)) {
      const at = ledger.sent.get(m.value!.toString())
      const moved = this.#world.plan.everything!.truncation || this.#world.plan.everything!.topicIsMadeAgain
      if (!moved && at !== undefined && at.offset !== m.offset)
        this.#world.fail('a reader sees what was acknowledged', `${m.value} at ${m.offset}`)
      if (left-- === 0) break
    }
  }
}
