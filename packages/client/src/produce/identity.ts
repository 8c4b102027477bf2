/** A producer's id and epoch, by which brokers tell its batches apart (KIP-98). */
import { TidemarkError } from '@tidemark/platform'
import { apis, errorOf } from '@tidemark/protocol'
import { type Cluster, isLost } from '../cluster/cluster.ts'
import type { ProducerIdentity } from './batch.ts'

const EPOCH_MAX = 32_767
/** It means nothing without transactions, but brokers check it. */
const TRANSACTION_TIMEOUT_MS = 60_000

export class Identity {
  readonly #cluster: Cluster
  #current: ProducerIdentity | undefined
  #asking = false

  constructor(cluster: Cluster) {
    this.#cluster = cluster
  }

  get current(): ProducerIdentity | undefined {
    return this.#current
  }

  /** Requests an id until a broker assigns one, and calls `onReady`; `onFailed` when another attempt does not help. */
  ensure(signal: AbortSignal, onReady: () => void, onFailed: (error: TidemarkError) => void): void {
    if (this.#current !== undefined || this.#asking) return
    this.#asking = true
    this.#ask(signal).then(
      (identity) => {
        this.#asking = false
        this.#current = identity
        onReady()
      },
      (error: TidemarkError) => {
        this.#asking = false
        onFailed(error)
      },
    )
  }

  /** Numbers begin anew under the next epoch (KIP-360); once, however many partitions need it. */
  bump(of: ProducerIdentity): void {
    if (this.#current !== of) return
    this.#current = of.epoch >= EPOCH_MAX ? undefined : { producerId: of.producerId, epoch: of.epoch + 1 }
  }

  async #ask(signal: AbortSignal): Promise<ProducerIdentity> {
    const body = { transactionalId: null, transactionTimeoutMs: TRANSACTION_TIMEOUT_MS }
    for (let failures = 1; ; failures++) {
      let failure: TidemarkError
      try {
        const { body: answer } = await this.#cluster.send(apis.InitProducerId, body, { node: 'any', purpose: 'admin', signal })
        if (answer.errorCode === 0) return { producerId: answer.producerId, epoch: answer.producerEpoch }
        const { name, retriable, text } = errorOf(answer.errorCode)
        failure = new TidemarkError(name, `no producer id was given: ${name} (${text}); with idempotent: false none is needed`)
        if (!retriable) throw failure
      } catch (error) {
        if (!isLost(error)) throw error
        failure = error
      }
      await this.#cluster.backOff({ what: 'getting a producer id', failures, error: failure, signal })
    }
  }
}
