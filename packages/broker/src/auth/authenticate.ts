/** One message of a SASL exchange, and what the client is told. */
import { sleep } from '@tidemark/platform'
import { ErrorCode, SaslError } from '@tidemark/protocol'
import { tell } from '../diagnostics.ts'
import type { RequestContext } from '../dispatch/request-context.ts'
import type { Services } from '../dispatch/services.ts'

export type AuthenticateContext = RequestContext<Pick<Services, 'clock' | 'options'>>

export interface Authenticated {
  readonly errorCode: number
  readonly errorMessage: string | null
  readonly authBytes: Buffer
  readonly sessionLifetimeMs: number
}

const NOTHING = Buffer.alloc(0)

export async function authenticate(bytes: Buffer, context: AuthenticateContext): Promise<Authenticated> {
  const { session, services, clientHost } = context
  const { exchange } = session
  if (exchange === undefined) {
    session.isRefused = true
    return {
      errorCode: ErrorCode.ILLEGAL_SASL_STATE,
      errorMessage: 'SaslAuthenticate comes after SaslHandshake.',
      authBytes: NOTHING,
      sessionLifetimeMs: 0,
    }
  }
  try {
    const step = await exchange.step(bytes)
    if (step.kind === 'continue') return { errorCode: ErrorCode.NONE, errorMessage: null, authBytes: step.bytes, sessionLifetimeMs: 0 }
    const sessionLifetimeMs = lifetimeOf(step.expiresAtMs, context)
    const fault = session.authenticated(step.user, exchange.mechanism, sessionLifetimeMs)
    if (fault !== undefined) throw new SaslError(fault)
    return { errorCode: ErrorCode.NONE, errorMessage: null, authBytes: step.bytes, sessionLifetimeMs }
  } catch (error) {
    if (!(error instanceof SaslError)) throw error
    session.isRefused = true
    session.exchange = undefined
    tell({ kind: 'refused', client: clientHost.slice(1), why: `${exchange.mechanism}: ${error.message}` })
    // A client that guesses passwords waits, and so does one that tries whether a user exists.
    await sleep(services.clock, services.options.failedAuthenticationDelayMs, context.signal).catch(() => {}) // the client has gone: nobody waits for the answer
    return { errorCode: ErrorCode.SASL_AUTHENTICATION_FAILED, errorMessage: error.message, authBytes: NOTHING, sessionLifetimeMs: 0 }
  }
}

/** The shorter of what the token lasts and what a session may last; 0: as long as the connection. */
function lifetimeOf(expiresAtMs: number, { services }: AuthenticateContext): number {
  const { connectionReauthMsMax } = services.options
  const ofToken = expiresAtMs - services.clock.now()
  const lifetimeMs = Math.min(ofToken, connectionReauthMsMax === 0 ? Number.POSITIVE_INFINITY : connectionReauthMsMax)
  return Number.isFinite(lifetimeMs) ? Math.max(1, Math.floor(lifetimeMs)) : 0
}
