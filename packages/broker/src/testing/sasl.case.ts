/** Clients that authenticate step by step, and a broker of which they must. */
import { type ScramHash, saltedPassword, saslCrypto } from '@tidemark/platform'
import { apis, plainMessage, ScramClient } from '@tidemark/protocol'
import type { Broker } from '../broker.ts'
import type { SaslMechanism, StartOptions } from '../options.ts'
import type { RawClient } from './raw-client.ts'
import { connect, nameOf, start } from './requests.case.ts'

const ALL: readonly SaslMechanism[] = ['plain', 'scram-sha-256', 'scram-sha-512', 'oauthbearer']

export const startSasl = (options: Partial<StartOptions> = {}, sasl = ALL): Promise<Broker> =>
  start({
    listeners: [{ protocol: 'sasl_plaintext', sasl }],
    users: { alice: 'wonderland', bob: 'builder', root: 'root' },
    oauth: { unsigned: true },
    failedAuthenticationDelayMs: 0,
    ...options,
  })

export async function handshake(client: RawClient, mechanism: string, version = 1) {
  const { errorCode, mechanisms } = await client.call(apis.SaslHandshake, version, { mechanism })
  return { error: nameOf(errorCode), mechanisms }
}

export async function say(client: RawClient, authBytes: Buffer, version = 2) {
  const answer = await client.call(apis.SaslAuthenticate, version, { authBytes })
  return { ...answer, error: nameOf(answer.errorCode) }
}

export async function byPlain(client: RawClient, username: string, password: string) {
  await handshake(client, 'PLAIN')
  return say(client, plainMessage({ username, password }))
}

/** The challenge, and what the client answers to it with the password. */
export async function challengeOf(client: RawClient, username: string, hash: ScramHash = 'sha256') {
  await handshake(client, hash === 'sha256' ? 'SCRAM-SHA-256' : 'SCRAM-SHA-512')
  const scram = new ScramClient(username, 'rOprNGfwEbeRWgbNEkqO', saslCrypto(hash))
  const first = scram.first()
  const answer = await say(client, first)
  const { salt, iterations } = scram.challenged(answer.authBytes)
  return {
    salt,
    iterations,
    final: async (password: string): Promise<Buffer> => scram.final(await saltedPassword(password, salt, iterations, hash)),
    finish: (bytes: Buffer): void => scram.finish(bytes),
  }
}

export async function byScram(client: RawClient, username: string, password: string, hash: ScramHash = 'sha256') {
  const challenge = await challengeOf(client, username, hash)
  const answer = await say(client, await challenge.final(password))
  if (answer.error === 'NONE') challenge.finish(answer.authBytes)
  return answer
}

/** A client of the broker that is this user. */
export async function connectAs(broker: Broker, username: string, password: string): Promise<RawClient> {
  const client = await connect(broker)
  await byPlain(client, username, password)
  return client
}
