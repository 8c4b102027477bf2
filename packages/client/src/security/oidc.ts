/** Tokens from an identity provider: OAuth 2.0 with the client's credentials (RFC 6749, section 4.4). */
import { checkOptions, durationOption, nodeClock, TidemarkError } from '@tidemark/platform'
import { invalid, type Token, textOption } from './options.ts'

export interface OidcOptions {
  /** Where tokens are asked for (OAuth 2.0, client credentials). Kafka: `sasl.oauthbearer.token.endpoint.url`. */
  readonly tokenEndpoint: string
  readonly clientId: string
  readonly clientSecret: string
  readonly scope?: string
  /** Further fields of the form, such as `audience`. */
  readonly parameters?: Readonly<Record<string, string>>
  readonly extensions?: Readonly<Record<string, string>>
  /** How long the endpoint may take. Default: 10,000. */
  readonly timeoutMs?: number
}

/** A token is used up to this part of its life. */
const USED_PART = 0.8

/**
 * The token of `sasl: { mechanism: 'oauthbearer', token: oidc({ … }) }`: asked for with the client's credentials, kept
 * until shortly before it ends, and asked for once at a time. Rejects with `TidemarkError` UNAUTHORIZED where the
 * endpoint refuses, and UNREACHABLE where it cannot be reached.
 */
export function oidc(options: OidcOptions): () => Promise<Token> {
  checkOptions<OidcOptions>('oidc()', options, {
    tokenEndpoint: true,
    clientId: true,
    clientSecret: true,
    scope: true,
    parameters: true,
    extensions: true,
    timeoutMs: true,
  })
  const timeoutMs = durationOption('timeoutMs', options.timeoutMs ?? 10_000)
  const endpoint = endpointOf(options.tokenEndpoint)
  textOption('clientId', options.clientId)
  textOption('clientSecret', options.clientSecret)
  let kept: { readonly token: Token; readonly renewAtMs: number } | undefined
  let asking: Promise<Token> | undefined
  const ask = async (): Promise<Token> => {
    const begunMs = nodeClock.now()
    const answer = await askEndpoint(endpoint, options, timeoutMs)
    const lifeMs = answer.expires_in * 1000
    const token = {
      value: answer.access_token,
      expiresAtMs: begunMs + lifeMs,
      ...(options.extensions !== undefined && { extensions: options.extensions }),
    }
    kept = { token, renewAtMs: begunMs + lifeMs * USED_PART }
    return token
  }
  return () => {
    if (kept !== undefined && nodeClock.now() < kept.renewAtMs) return Promise.resolve(kept.token)
    asking ??= ask().finally(() => {
      asking = undefined
    })
    return asking
  }
}

function endpointOf(text: string): URL {
  if (!isEndpoint(text)) throw invalid('tokenEndpoint', `'${text}'`, ENDPOINT)
  return new URL(text)
}

/** What `isEndpoint` asks for. */
export const ENDPOINT = 'it must be an https address: a secret is sent there'

export function isEndpoint(text: string): boolean {
  if (!URL.canParse(text)) return false
  const { protocol, hostname } = new URL(text)
  return protocol === 'https:' || (protocol === 'http:' && ['localhost', '127.0.0.1', '[::1]'].includes(hostname))
}

async function askEndpoint(endpoint: URL, { clientId, clientSecret, scope, parameters }: OidcOptions, timeoutMs: number) {
  const form = new URLSearchParams({ grant_type: 'client_credentials', ...(scope !== undefined && { scope }), ...parameters })
  const credentials = Buffer.from(`${encodeURIComponent(clientId)}:${encodeURIComponent(clientSecret)}`).toString('base64')
  let response: Response
  try {
    response = await fetch(endpoint, {
      method: 'POST',
      headers: { authorization: `Basic ${credentials}`, accept: 'application/json' },
      body: form,
      signal: AbortSignal.timeout(timeoutMs),
      redirect: 'error',
    })
  } catch (cause) {
    throw new TidemarkError('UNREACHABLE', `the token endpoint ${endpoint.origin} cannot be reached: ${reasonOf(cause as Error)}`, {
      cause,
    })
  }
  // Whatever is not JSON has no token in it, and is refused below.
  const body = (await response.json().catch(() => ({}))) as { access_token?: unknown; expires_in?: unknown; error?: unknown }
  if (response.status >= 500) throw new TidemarkError('UNREACHABLE', `the token endpoint ${endpoint.origin} answers ${response.status}`)
  if (!response.ok)
    throw new TidemarkError(
      'UNAUTHORIZED',
      `the token endpoint ${endpoint.origin} refuses: ${response.status} ${String(body.error ?? '').slice(0, 100)}`,
    )
  const { access_token, expires_in = 300 } = body
  if (typeof access_token !== 'string' || typeof expires_in !== 'number') {
    throw new TidemarkError('UNAUTHORIZED', `the answer of the token endpoint ${endpoint.origin} has no access_token`)
  }
  return { access_token, expires_in }
}

/** `fetch` says 'fetch failed' alone; what failed is its cause. */
function reasonOf(error: Error): string {
  const { cause } = error
  if (!(cause instanceof Error)) return error.message
  return cause.message || String((cause as NodeJS.ErrnoException).code ?? error.message)
}
