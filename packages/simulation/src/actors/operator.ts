/** The operator of a cluster of several nodes: elects preferred leaders, and gives partitions other replicas. */
import type { Kafka } from '@tidemark/client'
import { handleOf } from '@tidemark/client/internal'
import { TidemarkError } from '@tidemark/platform'
import { apis } from '@tidemark/protocol'
import type { Process, SeededRandom } from '@tidemark/testing/internal'
import type { World } from '../world.ts'

export class Operator {
  readonly #world: World
  readonly #random: SeededRandom
  #current: { process: Process; kafka: Kafka } | undefined

  constructor(world: World, random: SeededRandom) {
    this.#world = world
    this.#random = random
  }

  electLeaders(): void {
    void this.#ask((kafka) =>
      handleOf(kafka).cluster.send(
        apis.ElectLeaders,
        { electionType: 0, topicPartitions: null, timeoutMs: 500 },
        { node: 'any', purpose: 'metadata' },
      ),
    )
  }

  /** A partition of a topic of the world gets other replicas, in any number and order. */
  reassign(): void {
    const { plan, topicNames } = this.#world
    const name = topicNames[this.#random.below(topicNames.length)]!
    const nodes = Array.from({ length: plan.nodes.count }, (_, i) => i + 1)
    const replicas: number[] = []
    for (let left = 1 + this.#random.below(nodes.length); left > 0; left--)
      replicas.push(...nodes.splice(this.#random.below(nodes.length), 1))
    const partitions = [{ partitionIndex: this.#random.below(plan.partitions), replicas }]
    void this.#ask((kafka) =>
      handleOf(kafka).cluster.send(
        apis.AlterPartitionReassignments,
        { timeoutMs: 500, topics: [{ name, partitions }] },
        { node: 'any', purpose: 'metadata' },
      ),
    )
  }

  async #ask(act: (kafka: Kafka) => Promise<unknown>): Promise<void> {
    if (this.#current === undefined) {
      const process = this.#world.newProcess('operator', this.#random)
      this.#current = { process, kafka: this.#world.kafkaOn(process) }
    }
    try {
      await act(this.#current.kafka)
    } catch (error) {
      if (!(error instanceof TidemarkError)) this.#world.fail('administration gets an answer or a TidemarkError', error)
    }
  }
}
