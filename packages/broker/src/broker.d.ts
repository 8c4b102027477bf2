import { type StartOptions } from './options.ts'
export interface Broker extends AsyncDisposable {
  /** `host:port`, as clients take them. */
  readonly brokers: readonly string[]
  /** Where it listens. */
  readonly host: string
  readonly port: number
  readonly clusterId: string
  /** Resolves once the broker is closed; rejects with a `TidemarkError` STORAGE_FAILED if the disk failed. */
  readonly closed: Promise<void>
  /** Ends all connections, writes everything down and lets the folder go. */
  close(): Promise<void>
}
/**
 * Starts a broker in this process. `data` is a folder, or ':memory:'; port 0, the default, is a free one.
 *
 * Rejects with a `TidemarkError`: INVALID_OPTION, FOLDER_IN_USE, UNKNOWN_FORMAT, ADDRESS_IN_USE, ADDRESS_UNAVAILABLE, STORAGE_FAILED.
 */
export declare function startBroker(given: StartOptions): Promise<Broker>
