/** One call of `send`. It settles once all of its records have. */
import type { TidemarkError } from '@tidemark/platform'
import type { OutgoingRecord } from './encode.ts'
import type { SendResult } from './types.ts'

export class PendingSend {
  readonly topic: string
  records: readonly OutgoingRecord[]
  readonly promise: Promise<SendResult | SendResult[]>
  /** How many of the records are in batches. */
  accepted = 0
  /** Its topic was looked up since the call: a partition that the view does not have does not exist. */
  isLookedUp = false
  readonly #single: boolean
  readonly #results: SendResult[]
  readonly #onSettled: (send: PendingSend) => void
  #left: number
  #error: TidemarkError | undefined
  #resolve!: (value: SendResult | SendResult[]) => void
  #reject!: (error: TidemarkError) => void

  constructor(topic: string, records: readonly OutgoingRecord[], single: boolean, onSettled: (send: PendingSend) => void) {
    this.topic = topic
    this.records = records
    this.#single = single
    this.#onSettled = onSettled
    this.#left = records.length
    this.#results = new Array(records.length)
    this.promise = new Promise((resolve, reject) => {
      this.#resolve = resolve
      this.#reject = reject
    })
    if (records.length === 0) this.#settle()
  }

  /** Replaces the records that are in no batch yet. */
  keep(own: (record: OutgoingRecord) => OutgoingRecord): void {
    this.records = this.records.map((record, i) => (i < this.accepted ? record : own(record)))
  }

  written(index: number, result: SendResult): void {
    this.#results[index] = result
    if (--this.#left === 0) this.#settle()
  }

  failed(error: TidemarkError): void {
    this.#error ??= error
    if (--this.#left === 0) this.#settle()
  }

  /** Fails the records that are in no batch yet. */
  giveUp(error: TidemarkError): void {
    const rest = this.records.length - this.accepted
    this.accepted = this.records.length
    for (let i = 0; i < rest; i++) this.failed(error)
  }

  #settle(): void {
    this.#onSettled(this)
    if (this.#error !== undefined) this.#reject(this.#error)
    else this.#resolve(this.#single ? this.#results[0]! : this.#results)
  }
}
