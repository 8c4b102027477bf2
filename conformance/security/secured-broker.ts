/** Our broker with a listener of each kind, and what it tells of those that it refuses. */
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { type Broker, type ListenerChoice, startBroker } from '@tidemark/broker'
import { type Certificates, USER } from './parties.ts'

export interface SecuredBroker extends AsyncDisposable {
  readonly broker: Broker
  readonly addresses: { readonly saslPlain: string; readonly saslTls: string; readonly mutual: string }
  /** One line for each client that was refused. */
  readonly told: string[]
}

export async function startSecured({ ca, server }: Certificates): Promise<SecuredBroker> {
  const tls = { ...server, ca: ca.cert }
  const sasl = ['plain', 'scram-sha-256', 'scram-sha-512', 'oauthbearer'] as const
  const listeners: readonly ListenerChoice[] = [
    { name: 'SASL_PLAIN', protocol: 'sasl_plaintext', sasl },
    { name: 'SASL_TLS', protocol: 'sasl_tls', sasl, tls },
    { name: 'MUTUAL', protocol: 'tls', tls: { ...tls, clientAuth: 'required' } },
  ]
  const told: string[] = []
  const listen = (it: unknown): void => void told.push(JSON.stringify(it))
  subscribe('tidemark:broker', listen)
  const broker = await startBroker({
    data: ':memory:',
    listeners,
    users: { [USER.username]: USER.password },
    oauth: { unsigned: true },
  })
  const { SASL_PLAIN, SASL_TLS, MUTUAL } = broker.listeners
  return {
    broker,
    addresses: { saslPlain: SASL_PLAIN!, saslTls: SASL_TLS!, mutual: MUTUAL! },
    told,
    async [Symbol.asyncDispose]() {
      unsubscribe('tidemark:broker', listen)
      await broker.close()
    },
  }
}
