/**
 * Assigns producer ids, each once: a block of them is reserved in `__cluster_metadata` before its first one goes out,
 * so that a crash skips ids and never gives one twice.
 */
import type { Now } from '@tidemark/platform'
import { after } from '../now.ts'
import type { MetadataLog } from './metadata-log.ts'

export class ProducerIds {
  readonly #metadataLog: MetadataLog
  readonly #block: bigint
  #next = 0n
  #end = 0n
  #reserving: Promise<void> | undefined

  constructor(metadataLog: MetadataLog, block: number) {
    this.#metadataLog = metadataLog
    this.#block = BigInt(Math.max(1, block))
  }

  /** A producer id that no producer was given before. */
  next(): Now<bigint> {
    if (this.#next < this.#end) return this.#next++
    return after(this.#reserve(), () => this.next())
  }

  #reserve(): Now<void> {
    if (this.#reserving !== undefined) return this.#reserving
    const first = this.#metadataLog.metadata.nextProducerId
    const end = first + this.#block
    const durable = after(this.#metadataLog.write([{ kind: 'producerIds', nextProducerId: end }]), () => {
      this.#next = first
      this.#end = end
      this.#reserving = undefined
    })
    if (durable instanceof Promise) this.#reserving = durable
    return durable
  }
}
