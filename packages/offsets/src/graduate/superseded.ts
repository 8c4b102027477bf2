/**
 * Records that the copy of a compacted topic lacks. Compaction takes a record out once a later one has its key, and a
 * tombstone some time after that: what it leaves is as good as what it took from.
 */
import type { ReceivedMessage } from '@tidemark/client'
import { sha256 } from '@tidemark/platform'

/** Keys whose later record has not come yet. */
const KEYS_MAX = 1_000_000

export class Superseded {
  readonly #isCompacted: boolean
  /** By the hash of the key: the offset in the copy at which its last record is missing. */
  readonly #open = new Map<string, number>()

  constructor(configs: Readonly<Record<string, string>>) {
    this.#isCompacted = /\bcompact\b/.test(configs['cleanup.policy'] ?? '')
  }

  /** Whether the copy may lack this record, if one that supersedes it comes. */
  mayLack({ key, value }: ReceivedMessage, at: number): boolean {
    if (!this.#isCompacted || key === null || this.#open.size === KEYS_MAX) return false
    if (value === null) this.#open.delete(hashOf(key))
    else this.#open.set(hashOf(key), at)
    return true
  }

  /** Both sides have this record. */
  has({ key }: ReceivedMessage): void {
    if (this.#open.size > 0 && key !== null) this.#open.delete(hashOf(key))
  }

  /** The offset of a record that the copy lacks, and that nothing superseded. */
  get lost(): number | undefined {
    return this.#open.size === 0 ? undefined : Math.min(...this.#open.values())
  }
}

const hashOf = (key: Uint8Array): string => sha256(key).toString('base64')
