/** An offset of a log, and the CRC of the batch that ends there: what a snapshot was taken of. */
export interface LogPoint {
  readonly reaches: number
  readonly lastCrc: number
}

/** The CRC of a batch, as snapshots name it. */
export const crcOf = (batch: Buffer, at = 0): number => batch.readInt32BE(at + 17)
