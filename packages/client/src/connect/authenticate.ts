/**
 * The SASL conversation that follows the first exchange on a connection: SaslHandshake 1 names the mechanism,
 * SaslAuthenticate carries its messages (KIP-152). The broker says for how long the session lasts; it is renewed on the
 * same connection before that (KIP-368).
 */
import { advice, type Clock, numberText, saltedPassword, saslCrypto, secretBytes, TidemarkError, type Timer } from '@tidemark/platform'
import {
  apis,
  BEARER_ACKNOWLEDGED,
  bearerMessage,
  decodeResponse,
  ErrorCode,
  encodeRequest,
  errorOf,
  plainMessage,
  SaslError,
  ScramClient,
} from '@tidemark/protocol'
import type { SaslOptions, Token } from '../security/options.ts'
import type { BrokerConnection } from './connection.ts'
import { chooseVersion, type SpokenVersions } from './handshake.ts'

export interface Conversation {
  readonly connection: BrokerConnection
  readonly versions: SpokenVersions
  readonly where: string
  readonly clientId: string
  readonly timeoutMs: number
}

const NAMES = { plain: 'PLAIN', 'scram-sha-256': 'SCRAM-SHA-256', 'scram-sha-512': 'SCRAM-SHA-512', oauthbearer: 'OAUTHBEARER' } as const
const HANDSHAKE_VERSION_MIN = 1
const NONCE_BYTES = 18
/** Before each frame; it is not counted. */
const LENGTH_BYTES = 4
/**
 * Longer frames are not answered, but the connection is closed (SaslServerAuthenticator). A cluster may have a larger
 * limit: they are sent all the same.
 */
const SASL_BYTES_MAX = 524_288
const LIMIT = `Kafka takes ${numberText(SASL_BYTES_MAX)}, unless sasl.server.max.receive.size is larger there; make the token or the password shorter`

/**
 * Resolves with how long the session lasts, in milliseconds; 0: as long as the connection. Rejects with `TidemarkError`
 * UNAUTHORIZED, UNSUPPORTED_SASL_MECHANISM, UNSUPPORTED_VERSION (the broker is too old, or asks nobody to
 * authenticate), or as `exchange` and the token's callback do.
 */
export async function authenticate(conversation: Conversation, sasl: SaslOptions): Promise<number> {
  return await converse(conversation, sasl, await tokenOf(sasl))
}

/** Fetched before the conversation begins: the broker takes no other request until it ends. */
const tokenOf = async (sasl: SaslOptions): Promise<Token | undefined> => (sasl.mechanism === 'oauthbearer' ? await sasl.token() : undefined)

async function converse(conversation: Conversation, sasl: SaslOptions, token: Token | undefined): Promise<number> {
  await chooseMechanism(conversation, NAMES[sasl.mechanism])
  try {
    switch (sasl.mechanism) {
      case 'plain':
        return (await say(conversation, plainMessage(sasl))).sessionLifetimeMs
      case 'oauthbearer': {
        const { authBytes, sessionLifetimeMs } = await say(conversation, bearerMessage(token!))
        if (authBytes.length === 0) return sessionLifetimeMs
        // The server has said why it refuses, and refuses once more when it is answered: the first reason is the one
        // that is told.
        await say(conversation, BEARER_ACKNOWLEDGED).catch(() => {})
        throw refused(conversation.where, authBytes.toString('utf8').slice(0, 200))
      }
      default:
        return await scram(conversation, sasl)
    }
  } catch (error) {
    if (error instanceof SaslError) throw refused(conversation.where, error.message)
    throw error
  }
}

const refused = (where: string, why: string, cause?: unknown): TidemarkError =>
  new TidemarkError('UNAUTHORIZED', `${where} refuses the credentials: ${why}`, { cause })

const isLost = (error: unknown): boolean => error instanceof TidemarkError && error.code === 'CONNECTION_LOST'

async function scram(
  conversation: Conversation,
  { mechanism, username, password }: Extract<SaslOptions, { username: string }>,
): Promise<number> {
  const hash = mechanism === 'scram-sha-256' ? 'sha256' : 'sha512'
  const client = new ScramClient(username, secretBytes(NONCE_BYTES).toString('base64url'), saslCrypto(hash))
  const { salt, iterations } = client.challenged((await say(conversation, client.first())).authBytes)
  const last = await say(conversation, client.final(await saltedPassword(password, salt, iterations, hash)))
  client.finish(last.authBytes)
  return last.sessionLifetimeMs
}

async function chooseMechanism({ connection, versions, where, clientId, timeoutMs }: Conversation, mechanism: string): Promise<void> {
  const version = chooseVersion(apis.SaslHandshake, versions, where)
  if (version < HANDSHAKE_VERSION_MIN)
    throw new TidemarkError('UNSUPPORTED_VERSION', `${where} is too old to authenticate at: Kafka 1.0 and later`)
  const id = connection.nextCorrelationId()
  const answer = await connection.exchange(
    id,
    encodeRequest(apis.SaslHandshake, version, id, clientId, { mechanism }),
    'SaslHandshake',
    timeoutMs,
  )
  const { errorCode, mechanisms } = decodeResponse(apis.SaslHandshake, version, answer)
  if (errorCode === ErrorCode.UNSUPPORTED_SASL_MECHANISM) {
    // Nothing weaker is tried instead.
    throw new TidemarkError(
      'UNSUPPORTED_SASL_MECHANISM',
      `${where} does not have the mechanism ${mechanism}; it has ${mechanisms.join(', ') || 'none'}`,
    )
  }
  if (errorCode === ErrorCode.ILLEGAL_SASL_STATE) {
    throw new TidemarkError('UNSUPPORTED_VERSION', `${where} asks nobody to authenticate on this port: ${advice().withoutSasl}`)
  }
  if (errorCode !== 0) throw refused(where, errorOf(errorCode).name)
}

async function say({ connection, versions, where, clientId, timeoutMs }: Conversation, authBytes: Buffer) {
  const version = chooseVersion(apis.SaslAuthenticate, versions, where)
  const id = connection.nextCorrelationId()
  const frame = encodeRequest(apis.SaslAuthenticate, version, id, clientId, { authBytes })
  const bytes = frame.reduce((sum, chunk) => sum + chunk.length, -LENGTH_BYTES)
  const answered = await connection.exchange(id, frame, 'SaslAuthenticate', timeoutMs).catch((error: unknown) => {
    if (!isLost(error) || bytes <= SASL_BYTES_MAX) throw error
    throw refused(where, `they take ${numberText(bytes)} bytes, and it closes the connection: ${LIMIT}`, error)
  })
  const answer = decodeResponse(apis.SaslAuthenticate, version, answered)
  if (answer.errorCode === ErrorCode.SASL_AUTHENTICATION_FAILED) throw refused(where, answer.errorMessage || 'authentication failed')
  if (answer.errorCode !== 0) throw refused(where, `${errorOf(answer.errorCode).name} ${answer.errorMessage ?? ''}`.trim())
  return answer
}

/** When a session that lasts so long is renewed: as Java's client, at 85 to 95 % of it. */
const RENEWED_FROM = 0.85
const RENEWED_SPAN = 0.1

/**
 * Authenticates again before each session ends, until the connection is closed; undefined: it lasts as long as the
 * connection. A failure closes it: requests that wait are sent again on a new one, which says what is wrong. `hold` is
 * told of each renewal: Kafka takes no other request on the connection until it has ended.
 */
export function keepSession(
  conversation: Conversation,
  sasl: SaslOptions,
  lifetimeMs: number,
  clock: Clock,
  chance: number,
  hold: (renewal: Promise<unknown>) => void,
): Timer | undefined {
  if (lifetimeMs <= 0) return undefined
  const { connection, where } = conversation
  const renewed = async (): Promise<number> => {
    const token = await tokenOf(sasl)
    const renewal = converse(conversation, sasl, token)
    hold(renewal)
    return await renewal
  }
  const renew = (): void => {
    if (!connection.usable) return
    renewed().then(
      (nextMs) => {
        if (nextMs > 0 && connection.usable) timer = armed(nextMs)
      },
      (error) => {
        const why = `the session with ${where} could not be renewed: ${(error as Error).message}`
        connection.close(new TidemarkError('CONNECTION_LOST', why, { cause: error }))
      },
    )
  }
  const armed = (lastsMs: number): Timer => clock.schedule(lastsMs * (RENEWED_FROM + RENEWED_SPAN * chance), renew)
  let timer = armed(lifetimeMs)
  return { cancel: () => timer.cancel() }
}
