/**
 * SCRAM (RFC 5802, RFC 7677), as Kafka speaks it: both sides, each a step a message.
 *
 * ```
 * client  n,,n=USER,r=NONCE
 * server  r=NONCE+MORE,s=SALT,i=ITERATIONS
 * client  c=biws,r=NONCE+MORE,p=PROOF          biws: base64 of `n,,`, no channel binding
 * server  v=SIGNATURE                          or e=ERROR
 * ```
 * Neither side sends the password: the server keeps a salted key of it, from which it can neither be read nor be used
 * to log in elsewhere. The client checks the server's signature: who answers must know that key too.
 */
import { type SaslCrypto, SaslError } from './error.ts'

/** Kafka's `ScramMechanism.minIterations` and the most that a broker takes. */
export const ITERATIONS_MIN = 4096
export const ITERATIONS_MAX = 16_384
/** A server that asks for more would keep the client busy. */
const CLIENT_ITERATIONS_MAX = 1_000_000

const CHANNEL = 'biws'

/** What a server keeps of a user. */
export interface ScramKeys {
  readonly salt: Buffer
  readonly iterations: number
  readonly storedKey: Buffer
  readonly serverKey: Buffer
}

/** `saltedPassword`: PBKDF2 with the HMAC of the mechanism over the password, salt and iterations. */
export function scramKeys(saltedPassword: Uint8Array, salt: Buffer, iterations: number, crypto: SaslCrypto): ScramKeys {
  const clientKey = crypto.hmac(saltedPassword, Buffer.from('Client Key'))
  return { salt, iterations, storedKey: crypto.hash(clientKey), serverKey: crypto.hmac(saltedPassword, Buffer.from('Server Key')) }
}

const escapeName = (name: string): string => name.replaceAll('=', '=3D').replaceAll(',', '=2C')

function unescapeName(name: string): string {
  if (/=(?!2C|3D)/.test(name)) throw new SaslError('the user name has an = that is not =2C or =3D')
  return name.replaceAll('=2C', ',').replaceAll('=3D', '=')
}

function textOf(bytes: Buffer): string {
  const text = bytes.toString('utf8')
  if (text.includes('\uFFFD')) throw new SaslError('the message is not UTF-8')
  return text
}

function fromBase64(text: string, what: string): Buffer {
  if (!/^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/.test(text)) throw new SaslError(`the ${what} is not base64`)
  return Buffer.from(text, 'base64')
}

const xor = (a: Buffer, b: Buffer): Buffer => Buffer.from(a.map((byte, i) => byte ^ b[i]!))

// The client -----------------------------------------------------------------------------------------

export interface ServerFirst {
  readonly nonce: string
  readonly salt: Buffer
  readonly iterations: number
}

export class ScramClient {
  readonly #crypto: SaslCrypto
  readonly #nonce: string
  readonly #firstBare: string
  #serverFirst = ''
  #server: ServerFirst | undefined
  #serverSignature: Buffer | undefined

  /** `nonce`: printable, without a comma, never used before. */
  constructor(username: string, nonce: string, crypto: SaslCrypto) {
    this.#crypto = crypto
    this.#nonce = nonce
    this.#firstBare = `n=${escapeName(username)},r=${nonce}`
  }

  first(): Buffer {
    return Buffer.from(`n,,${this.#firstBare}`, 'utf8')
  }

  /** What the password is to be salted with. Throws `SaslError`. */
  challenged(bytes: Buffer): ServerFirst {
    const text = textOf(bytes)
    if (text.startsWith('e=')) throw new SaslError(`the server refuses: ${text.slice(2, 202)}`)
    const match = /^r=([^,]+),s=([^,]+),i=(\d{1,9})(?:,.*)?$/s.exec(text)
    if (match === null) throw new SaslError('the first message of the server is not one of SCRAM')
    const [, nonce, salt, iterations] = match as unknown as [string, string, string, string]
    if (!nonce.startsWith(this.#nonce) || nonce === this.#nonce)
      throw new SaslError('the nonce of the server does not continue that of the client')
    const count = Number(iterations)
    if (count < ITERATIONS_MIN)
      throw new SaslError(`the server asks for ${count} iterations; fewer than ${ITERATIONS_MIN} would not protect the password`)
    if (count > CLIENT_ITERATIONS_MAX) throw new SaslError(`the server asks for ${count} iterations; ${CLIENT_ITERATIONS_MAX} are allowed`)
    this.#serverFirst = text
    this.#server = { nonce, salt: fromBase64(salt, 'salt'), iterations: count }
    return this.#server
  }

  final(saltedPassword: Uint8Array): Buffer {
    const crypto = this.#crypto
    const withoutProof = `c=${CHANNEL},r=${this.#server!.nonce}`
    const authMessage = Buffer.from(`${this.#firstBare},${this.#serverFirst},${withoutProof}`, 'utf8')
    const clientKey = crypto.hmac(saltedPassword, Buffer.from('Client Key'))
    const signature = crypto.hmac(crypto.hash(clientKey), authMessage)
    this.#serverSignature = crypto.hmac(crypto.hmac(saltedPassword, Buffer.from('Server Key')), authMessage)
    return Buffer.from(`${withoutProof},p=${xor(clientKey, signature).toString('base64')}`, 'utf8')
  }

  /** Throws `SaslError` unless the server knows the user's key too. */
  finish(bytes: Buffer): void {
    const text = textOf(bytes)
    if (text.startsWith('e=')) throw new SaslError(`the server refuses: ${text.slice(2, 202)}`)
    const match = /^v=([^,]+)(?:,.*)?$/s.exec(text)
    const isRight =
      match !== null && this.#serverSignature !== undefined && this.#crypto.equal(fromBase64(match[1]!, 'signature'), this.#serverSignature)
    if (!isRight) throw new SaslError('the server does not know the password: its signature is wrong')
  }
}

// The server -----------------------------------------------------------------------------------------

export interface ClientFirst {
  readonly username: string
}

export class ScramServer {
  readonly #crypto: SaslCrypto
  readonly #nonce: string
  #clientBare = ''
  #serverFirst = ''
  #fullNonce = ''
  #keys: ScramKeys | undefined

  /** `nonce`: what the server adds to that of the client. */
  constructor(nonce: string, crypto: SaslCrypto) {
    this.#crypto = crypto
    this.#nonce = nonce
  }

  /** Throws `SaslError`. */
  first(bytes: Buffer): ClientFirst {
    const text = textOf(bytes)
    const match = /^n,(?:a=([^,]*))?,(n=([^,]+),r=([^,]+)(?:,.*)?)$/s.exec(text)
    if (match === null) throw new SaslError('the first message of the client is not one of SCRAM without channel binding')
    const [, authorization, bare, name, nonce] = match as unknown as [string, string | undefined, string, string, string]
    if (nonce.includes('\0')) throw new SaslError('the nonce of the client is not printable')
    const username = unescapeName(name)
    if (authorization !== undefined && authorization !== '' && unescapeName(authorization) !== username) {
      throw new SaslError('a client may act for itself alone: the authorization id is another user')
    }
    this.#clientBare = bare
    this.#fullNonce = nonce + this.#nonce
    return { username }
  }

  /** `keys` of a user that does not exist are made up: nobody can tell from the answer. */
  challenge(keys: ScramKeys): Buffer {
    this.#keys = keys
    this.#serverFirst = `r=${this.#fullNonce},s=${keys.salt.toString('base64')},i=${keys.iterations}`
    return Buffer.from(this.#serverFirst, 'utf8')
  }

  /** The answer to the right password. Throws `SaslError` for any other. */
  final(bytes: Buffer): Buffer {
    const crypto = this.#crypto
    const text = textOf(bytes)
    const match = /^(c=([^,]+),r=([^,]+)(?:,.*)?),p=([^,]+)$/s.exec(text)
    if (match === null || this.#keys === undefined) throw new SaslError('the final message of the client is not one of SCRAM')
    const [, withoutProof, channel, nonce, proof] = match as unknown as [string, string, string, string, string]
    if (!/^n,(a=[^,]*)?,$/.test(fromBase64(channel, 'channel').toString('utf8'))) throw new SaslError('channel binding is not spoken here')
    if (nonce !== this.#fullNonce) throw new SaslError('the nonce is not that of this exchange')
    const { storedKey, serverKey } = this.#keys
    const authMessage = Buffer.from(`${this.#clientBare},${this.#serverFirst},${withoutProof}`, 'utf8')
    const signature = crypto.hmac(storedKey, authMessage)
    const given = fromBase64(proof, 'proof')
    if (given.length !== signature.length || !crypto.equal(crypto.hash(xor(given, signature)), storedKey))
      throw new SaslError('wrong user or password')
    return Buffer.from(`v=${crypto.hmac(serverKey, authMessage).toString('base64')}`, 'utf8')
  }
}
