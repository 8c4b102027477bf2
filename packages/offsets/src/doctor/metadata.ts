/** Commit metadata that hardly fits: a commit that is larger than `offset.metadata.max.bytes` is refused as a whole. */
import { counted, numberText } from '@tidemark/platform'
import { everyPartition } from './every.ts'
import type { Facts } from './facts.ts'
import type { Finding } from './finding.ts'

const SHARE = 0.95

/**
 * Tidemark's own consumers fit what they write into the limit; others may not. Kafka counts UTF-16 units
 * (`OffsetMetadataManager`).
 */
export const metadataNearLimit = (facts: Facts): Finding[] =>
  everyPartition(facts, 'metadata-near-limit', 'warning', ({ metadata }) => {
    const { metadataMax } = facts
    if (metadata === null || metadata.length < metadataMax * SHARE || metadata.startsWith('tidemark/')) return undefined
    return {
      message: `its commit has ${counted(metadata.length, 'character')} of metadata, of at most ${numberText(metadataMax)} (offset.metadata.max.bytes): a larger one is refused, offset and all`,
      command: `tidemark config set broker:all offset.metadata.max.bytes=${metadataMax * 2}`,
    }
  })
