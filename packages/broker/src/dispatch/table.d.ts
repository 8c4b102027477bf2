/** The handlers by API key, and what ApiVersions says of them. */
import type { Handler } from './handler.ts'
export interface AdvertisedApi {
  readonly apiKey: number
  readonly minVersion: number
  readonly maxVersion: number
}
export declare class HandlerTable {
  #private
  readonly advertised: readonly AdvertisedApi[]
  constructor(handlers: readonly Handler[])
  /** Undefined: the API is unknown, or not served in this version. */
  find(apiKey: number, version: number): Handler | undefined
}
