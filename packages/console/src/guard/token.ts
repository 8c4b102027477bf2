/**
 * The token of a console that others can reach. A browser exchanges it once for a cookie that pages of other sites
 * cannot use and scripts cannot read; programs send it as a bearer.
 */
import { saslCrypto } from '@tidemark/platform'

const { hash, equal } = saslCrypto('sha256')
const digest = (text: string): Buffer => hash(Buffer.from(text))

export class TokenGuard {
  readonly #token: Buffer
  readonly #session: string

  constructor(token: string) {
    this.#token = digest(token)
    this.#session = digest(`tidemark console ${token}`).toString('hex')
  }

  /** In constant time. */
  isToken(given: string): boolean {
    return equal(digest(given), this.#token)
  }

  isAllowed(headers: { readonly authorization?: string | undefined; readonly cookie?: string | undefined }, port: number): boolean {
    const bearer = /^Bearer (.+)$/.exec(headers.authorization ?? '')?.[1]
    if (bearer !== undefined) return this.isToken(bearer)
    const cookies = (headers.cookie ?? '').split(/;\s*/)
    const prefix = `${cookieName(port)}=`
    return cookies.some((cookie) => cookie.startsWith(prefix) && equal(digest(cookie.slice(prefix.length)), digest(this.#session)))
  }

  /** `isTls`: the browser came through a proxy with TLS. */
  cookie(port: number, isTls: boolean): string {
    return `${cookieName(port)}=${this.#session}; Path=/; HttpOnly; SameSite=Strict${isTls ? '; Secure' : ''}`
  }
}

/** Cookies do not know ports: two consoles on one machine must not overwrite each other's. */
const cookieName = (port: number): string => `tidemark-${port}`
