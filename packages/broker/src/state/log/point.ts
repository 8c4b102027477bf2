/** An offset of a log, and the CRC of the batch that ends there: what a snapshot was taken of. */
export interface LogPoint {
  readonly reaches: number
  readonly lastCrc: number
}
