/** One client's connection: its bytes become frames, its frames requests, and its requests replies, until either side ends it. */
import { type Address, type Connection } from '@tidemark/platform'
import { type PipelineLimits } from '../dispatch/pipeline.ts'
import type { Services } from '../dispatch/services.ts'
import type { HandlerTable } from '../dispatch/table.ts'
/** How long an ended connection may take to send its last replies. */
export declare const FAREWELL_MS = 500
export interface ConnectionLimits extends PipelineLimits {
  readonly frameBytesMax: number
}
export interface ConnectionSite {
  readonly table: HandlerTable
  readonly services: Services
  readonly limits: ConnectionLimits
  readonly advertised: Address
  /** A frame or request was not understood, and the connection is closed. */
  onRefused(client: string, why: string): void
  /** A handler threw what it may not throw. */
  onBug(where: string, error: unknown): void
  onClose(connection: ClientConnection): void
}
export declare class ClientConnection {
  #private
  constructor(connection: Connection, site: ConnectionSite)
  /** Nothing was asked that is not answered. */
  get idle(): boolean
  /** Parked requests let go; what was written is sent. */
  end(): void
  destroy(): void
}
