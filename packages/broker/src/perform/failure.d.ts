/**
 * The first failure of the disk ends the broker: nothing that was not written may be acknowledged afterwards, and what the
 * page cache holds after a failed sync is unknown. Whoever sees a `DiskError` hands it here; the broker closes its listeners
 * and rejects `closed`. The embedding process lives on.
 */
import { TidemarkError } from '@tidemark/platform'
export declare class Failure {
  #private
  error: TidemarkError | undefined
  constructor(onFailure: (error: TidemarkError) => void)
  /** Returns the error that all later writes fail with. Memory that is full is no failure: it is told of once, and only refused. */
  report(cause: unknown): TidemarkError
}
/** The code that says so to a client; rethrows what is no failure of the storage. */
export declare function storageCode(error: unknown): number
