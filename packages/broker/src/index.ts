export { type Broker, startBroker } from './broker.ts'
export type { BrokerOptions, Fsync, StartOptions } from './options.ts'
export type { Notable } from './perform/diagnostics.ts'
