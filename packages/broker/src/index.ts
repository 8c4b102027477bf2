export type { WrittenAcl } from './auth/written-acl.ts'
export { type Broker, type BrokerNode, startBroker } from './broker.ts'
export type { Notable } from './diagnostics.ts'
export type {
  AuthorizerOptions,
  BrokerOptions,
  Fsync,
  ListenerChoice,
  ListenerProtocol,
  ListenerTls,
  OAuthOptions,
  SaslMechanism,
  StartOptions,
} from './options.ts'
