/**
 * A record's name for ever. A record keeps its name when it moves: dead letters and records that were put back carry
 * it in a header, as anything may that copies records between topics or clusters.
 */
import type { Message } from '@tidemark/client'
import type { Claim } from '../claims/claim.ts'

export const ID_HEADER = 'tidemark-id'
/** What is longer is not a name of ours. */
const ID_BYTES_MAX = 512

/** The name that the record carries; else one made of its topic's id, its partition and its offset. */
export function recordId({ topicId, partition }: Pick<Claim, 'topicId' | 'partition'>, message: Message): string {
  return carriedId(message) ?? `${topicId}-${partition}-${message.offset}`
}

export function carriedId(message: Message): string | undefined {
  const bytes = message.headers?.findLast((h) => h.key === ID_HEADER)?.value
  if (bytes == null || bytes.length === 0 || bytes.length > ID_BYTES_MAX) return undefined
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString()
}
