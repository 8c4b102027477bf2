/** What every request passes before a route sees it: headers of the answer, Host, Origin, token. */
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { isKnownHost } from './hosts.ts'
import { Refusal } from './refusal.ts'
import { TokenGuard } from './token.ts'

export interface GuardOptions {
  readonly hosts: readonly string[]
  readonly token: string | undefined
}

/** No inline script, nothing from elsewhere, no frame. Styles of elements are set by script, which this allows. */
const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self'",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ')

const HEADERS = {
  'content-security-policy': POLICY,
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'cache-control': 'no-store',
}

/** The one path under /api that works without a token: it takes the token. */
export const SESSION_PATH = '/api/session'

export function guard(app: FastifyInstance, { hosts, token }: GuardOptions): void {
  const tokens = token === undefined ? undefined : new TokenGuard(token)
  const port = (request: FastifyRequest): number => request.socket.localPort ?? 0

  app.addHook('onRequest', async (request, reply) => {
    reply.headers(HEADERS)
    if (!isKnownHost(request.headers.host, hosts)) {
      throw new Refusal(403, 'FOREIGN_HOST', `the console does not answer to the name '${request.headers.host ?? ''}'; use its address`)
    }
    checkOrigin(request, hosts)
    const path = request.url.split('?', 1)[0]!
    if (tokens !== undefined && path.startsWith('/api/') && path !== SESSION_PATH && !tokens.isAllowed(request.headers, port(request))) {
      throw new Refusal(401, 'TOKEN_MISSING', 'this console needs its token: open the address that it printed at its start')
    }
  })

  const body = {
    type: 'object',
    required: ['token'],
    additionalProperties: false,
    properties: { token: { type: 'string', maxLength: 1_000 } },
  }
  app.post<{ Body: { token: string } }>(SESSION_PATH, { schema: { body } }, async (request, reply) => {
    if (tokens !== undefined && !tokens.isToken(request.body.token))
      throw new Refusal(401, 'TOKEN_WRONG', 'this is not the token of this console')
    if (tokens !== undefined)
      reply.header('set-cookie', tokens.cookie(port(request), request.headers.origin?.startsWith('https:') === true))
    return { ok: true }
  })
}

/**
 * A browser names the site that a request comes from: Origin beside everything that may write, Sec-Fetch-Site beside
 * everything. Links of other sites to a page are allowed, requests of their scripts and forms are not.
 */
function checkOrigin(request: FastifyRequest, hosts: readonly string[]): void {
  const { origin, host } = request.headers
  const writes = request.method !== 'GET' && request.method !== 'HEAD'
  const isOwn = origin === undefined ? !writes : isOwnOrigin(origin, host, hosts)
  if (!isOwn) throw new Refusal(403, 'FOREIGN_ORIGIN', `requests of ${origin ?? 'programs that name no Origin'} are not allowed here`)
  const site = request.headers['sec-fetch-site']
  const isLink = request.headers['sec-fetch-mode'] === 'navigate' && !request.url.startsWith('/api/')
  if (site !== undefined && site !== 'same-origin' && site !== 'none' && (writes || !isLink)) {
    throw new Refusal(403, 'FOREIGN_ORIGIN', 'requests of other sites are not allowed here')
  }
  if (writes && !/^application\/json(?:;|$)/.test(request.headers['content-type'] ?? '')) {
    throw new Refusal(415, 'NOT_JSON', 'a request that writes has the content type application/json')
  }
}

/** A proxy may have put its own name for the console into Host: then Origin has one of the names that were given. */
const isOwnOrigin = (origin: string, host: string | undefined, hosts: readonly string[]): boolean =>
  origin === `http://${host}` || origin === `https://${host}` || hosts.some((name) => origin === `https://${name}`)
