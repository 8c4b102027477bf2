/** The mechanisms by which clients say who they are: each makes an exchange, which takes messages until it is done. */
import { saslCrypto, secretBytes } from '@tidemark/platform'
import { bearerError, readBearerMessage, readPlainMessage, SaslError, ScramServer } from '@tidemark/protocol'
import type { SaslMechanism } from '../options.ts'
import { type Credentials, hashOf, type ScramMechanism } from './credentials.ts'
import { ScramUsers } from './scram-users.ts'
import type { Tokens } from './tokens.ts'

/** Kafka's names. */
export const KAFKA_NAMES: Readonly<Record<SaslMechanism, string>> = {
  plain: 'PLAIN',
  'scram-sha-256': 'SCRAM-SHA-256',
  'scram-sha-512': 'SCRAM-SHA-512',
  oauthbearer: 'OAUTHBEARER',
}

export type Step =
  | { readonly kind: 'continue'; readonly bytes: Buffer }
  /** `expiresAtMs`: when what the client showed ends, in milliseconds since 1970; Infinity: never. */
  | { readonly kind: 'done'; readonly bytes: Buffer; readonly user: string; readonly expiresAtMs: number }

/** Rejects with `SaslError` for a client that is refused: its text tells nothing that helps to guess. */
export interface Exchange {
  readonly mechanism: SaslMechanism
  step(bytes: Buffer): Promise<Step> | Step
}

const NOTHING = Buffer.alloc(0)
const REFUSED = 'Authentication failed: Invalid username or password'
const NONCE_BYTES = 18

export const isScram = (mechanism: SaslMechanism): mechanism is ScramMechanism =>
  mechanism === 'scram-sha-256' || mechanism === 'scram-sha-512'

export class Mechanisms {
  readonly #credentials: Credentials
  readonly #tokens: Tokens | undefined
  readonly #scramUsers: ScramUsers
  /** What no password is. */
  readonly #noPassword = secretBytes(32).toString('hex')

  /** `enabled`: those of any listener. */
  constructor(credentials: Credentials, tokens: Tokens | undefined, enabled: Iterable<SaslMechanism>) {
    this.#credentials = credentials
    this.#tokens = tokens
    this.#scramUsers = new ScramUsers(credentials, credentials.scramSecret ?? secretBytes(32), new Set([...enabled].filter(isScram)))
  }

  begin(mechanism: SaslMechanism): Exchange {
    switch (mechanism) {
      case 'plain':
        return { mechanism, step: (bytes) => this.#plain(bytes) }
      case 'oauthbearer':
        return this.#bearer()
      default:
        return this.#scram(mechanism)
    }
  }

  #plain(bytes: Buffer): Step {
    const { username, password } = readPlainMessage(bytes)
    const crypto = saslCrypto('sha256')
    const known = this.#credentials.password(username)
    // Compared as hashes: neither the length nor the existence of a password shows in the time.
    const isRight = crypto.equal(crypto.hash(Buffer.from(password)), crypto.hash(Buffer.from(known ?? this.#noPassword)))
    if (!isRight || known === undefined) throw new SaslError(REFUSED)
    return { kind: 'done', bytes: NOTHING, user: username, expiresAtMs: Number.POSITIVE_INFINITY }
  }

  #scram(mechanism: ScramMechanism): Exchange {
    const crypto = saslCrypto(hashOf(mechanism))
    const server = new ScramServer(secretBytes(NONCE_BYTES).toString('base64url'), crypto)
    let user: string | undefined
    return {
      mechanism,
      step: async (bytes) => {
        if (user !== undefined) {
          try {
            return { kind: 'done', bytes: server.final(bytes), user, expiresAtMs: Number.POSITIVE_INFINITY }
          } catch (error) {
            throw error instanceof SaslError
              ? new SaslError(
                  'Authentication failed during authentication due to invalid credentials with SASL mechanism ' + KAFKA_NAMES[mechanism],
                )
              : error
          }
        }
        user = server.first(bytes).username
        return { kind: 'continue', bytes: server.challenge(await this.#scramUsers.keysOf(user, mechanism)) }
      },
    }
  }

  #bearer(): Exchange {
    let isRefused = false
    return {
      mechanism: 'oauthbearer',
      step: async (bytes) => {
        // The message is what was answered before, as Kafka's OAuthBearerSaslServer has it.
        if (isRefused) throw new SaslError(bearerError('invalid_token').toString())
        const { value, authorization } = readBearerMessage(bytes)
        const token = await this.#tokens!.check(value)
        const isOther = token !== undefined && authorization !== '' && authorization !== token.user
        if (token === undefined || isOther) {
          isRefused = true
          return { kind: 'continue', bytes: bearerError('invalid_token') }
        }
        return { kind: 'done', bytes: NOTHING, user: token.user, expiresAtMs: token.expiresAtMs }
      },
    }
  }
}
