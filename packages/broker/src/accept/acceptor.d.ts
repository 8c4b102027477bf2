/** Takes connections in, up to a limit, and ends them all when the broker closes. */
import type { Address, Clock, Transport } from '@tidemark/platform'
import { type ConnectionSite } from './connection.ts'
export interface AcceptorOptions {
  readonly listen: Address
  readonly advertised: Partial<Address> | undefined
  readonly connectionsMax: number
}
/** Where it listens, and where clients of this machine are told that it does. */
export interface Addresses {
  readonly bound: Address
  readonly advertised: Address
}
export declare class Acceptor {
  #private
  constructor(options: AcceptorOptions, site: Omit<ConnectionSite, 'advertised' | 'onClose'>, clock: Clock)
  listen(transport: Transport): Promise<Addresses>
  /** No new connections; what is parked lets go, what was answered is sent, and all connections end. */
  close(): Promise<void>
}
