export { type Broker, startBroker } from './broker.ts'
export type { Notable } from './diagnostics.ts'
export type { BrokerOptions, Fsync, StartOptions } from './options.ts'
