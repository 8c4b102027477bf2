/** Tokens of OAUTHBEARER: JSON Web Tokens whose signature, issuer, audience and life are checked. */
import { type Clock, TidemarkError } from '@tidemark/platform'
import type { JWTPayload, JWTVerifyGetKey } from 'jose'
import { tell } from '../diagnostics.ts'
import type { OAuthOptions } from '../options.ts'

export interface CheckedToken {
  readonly user: string
  readonly expiresAtMs: number
}

/** Clocks of the issuer and of the broker may differ by so much. Kafka: `sasl.oauthbearer.clock.skew.seconds`. */
const SKEW_SECONDS = 30

type Jose = typeof import('jose')

/** Of the header of a token, which nobody has checked yet. */
function algorithmOf(token: string, jose: Jose): unknown {
  try {
    return jose.decodeProtectedHeader(token).alg
  } catch (error) {
    // What `jose` throws for text that is not a token.
    if (!(error instanceof TypeError)) throw error
    throw new TidemarkError('UNAUTHORIZED', 'the token is not a JSON Web Token')
  }
}

/** Fetches the published keys. If their server cannot be reached, the token is refused, and no bug is reported. */
async function reach(url: string, init: RequestInit): Promise<Response> {
  try {
    return await fetch(url, init)
  } catch (error) {
    // Aborted by `jose`, which says so itself; every other failure to connect is a TypeError.
    if (!(error instanceof TypeError)) throw error
    throw new TidemarkError('UNREACHABLE', `the keys of tokens at ${url} cannot be read: ${causeOf(error)}`)
  }
}

const causeOf = ({ message, cause }: Error): string => (cause instanceof Error && cause.message !== '' ? cause.message : message)

export class Tokens {
  readonly #options: OAuthOptions
  readonly #clock: Clock
  #keys: Promise<JWTVerifyGetKey> | undefined

  constructor(options: OAuthOptions, clock: Clock) {
    this.#options = options
    this.#clock = clock
  }

  /** Undefined: it is not taken; why is told on the diagnostics channel, and not to the client. */
  async check(token: string): Promise<CheckedToken | undefined> {
    // Loaded with the first token: a broker without them does not pay for it.
    const jose = await import('jose')
    try {
      const payload = await this.#payloadOf(token, jose)
      const user = payload[this.#options.principalClaim ?? 'sub']
      if (typeof user !== 'string' || user === '')
        throw new TidemarkError('UNAUTHORIZED', `the token has no claim '${this.#options.principalClaim ?? 'sub'}'`)
      if (typeof payload.exp !== 'number') throw new TidemarkError('UNAUTHORIZED', 'the token has no end (exp)')
      return { user, expiresAtMs: payload.exp * 1000 }
    } catch (error) {
      if (!(error instanceof jose.errors.JOSEError || error instanceof TidemarkError)) throw error
      tell({ kind: 'refused', client: 'OAUTHBEARER', why: error.message })
      return undefined
    }
  }

  async #payloadOf(token: string, jose: Jose): Promise<JWTPayload> {
    const { issuer, audience, jwks, unsigned = false } = this.#options
    const rules = {
      ...(issuer !== undefined && { issuer }),
      ...(audience !== undefined && { audience: audience as string | string[] }),
      clockTolerance: SKEW_SECONDS,
      currentDate: new Date(this.#clock.now()),
    }
    if (algorithmOf(token, jose) === 'none') {
      if (!unsigned) throw new TidemarkError('UNAUTHORIZED', 'the token is not signed')
      return jose.UnsecuredJWT.decode(token, rules).payload
    }
    if (jwks === undefined) throw new TidemarkError('UNAUTHORIZED', 'the token is signed, and there are no keys to check it with')
    this.#keys ??= Promise.resolve(
      typeof jwks === 'string'
        ? jose.createRemoteJWKSet(new URL(jwks), { [jose.customFetch]: reach })
        : (jose.createLocalJWKSet(jwks as never) as unknown as JWTVerifyGetKey),
    )
    return (await jose.jwtVerify(token, await this.#keys, rules)).payload
  }
}
