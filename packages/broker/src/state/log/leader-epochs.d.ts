/**
 * Where each leader epoch of a partition begins (KIP-101, KIP-320). Epochs and offsets only grow; an epoch in which nothing was
 * written has no entry, except the current one, which begins at the end of the log.
 */
export interface EpochStart {
  readonly epoch: number
  readonly startOffset: number
}
export interface EpochEnd {
  readonly epoch: number
  readonly endOffset: number
}
export declare class LeaderEpochs {
  #private
  get entries(): readonly EpochStart[]
  get latest(): EpochStart | undefined
  /** Takes in that `epoch` begins at `startOffset`; false if the epoch is known already. */
  add(epoch: number, startOffset: number): boolean
  /** The epoch of the record at `offset`; -1 if it is older than all that is known. */
  epochAt(offset: number): number
  /** The largest epoch not above `asked`, and where it ends; (-1, -1) if there is none. Kafka's `LeaderEpochFileCache.endOffsetFor`. */
  endOf(asked: number, current: number, logEnd: number): EpochEnd
}
