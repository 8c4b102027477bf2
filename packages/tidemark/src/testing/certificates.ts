/** Certificates for tests: an authority, and what it signs; Node itself cannot sign them. */
import { webcrypto } from 'node:crypto'
import * as x509 from '@peculiar/x509'

x509.cryptoProvider.set(webcrypto as never)
const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const
const DAY_MS = 24 * 60 * 60 * 1000

export interface Identity {
  /** PEM text. */
  readonly cert: string
  readonly key: string
}

export interface IdentityWish {
  readonly hosts?: readonly string[]
  readonly fromMs?: number
  readonly toMs?: number
}

export class Authority {
  readonly cert: string
  readonly #name: string
  readonly #keys: webcrypto.CryptoKeyPair
  #serial = 1

  private constructor(name: string, keys: webcrypto.CryptoKeyPair, cert: string) {
    this.#name = name
    this.#keys = keys
    this.cert = cert
  }

  static async make(name = 'CN=Test Authority'): Promise<Authority> {
    const keys = (await webcrypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify'])) as webcrypto.CryptoKeyPair
    const made = await x509.X509CertificateGenerator.createSelfSigned({
      serialNumber: '01',
      name,
      notBefore: new Date(Date.now() - DAY_MS),
      notAfter: new Date(Date.now() + DAY_MS),
      signingAlgorithm: ALGORITHM,
      keys: keys as never,
      extensions: [new x509.BasicConstraintsExtension(true, 1, true)],
    })
    return new Authority(name, keys, made.toString('pem'))
  }

  /** `subject`: `CN=app,O=Example`. */
  async sign(
    subject: string,
    { hosts = [], fromMs = Date.now() - DAY_MS, toMs = Date.now() + DAY_MS }: IdentityWish = {},
  ): Promise<Identity> {
    const keys = (await webcrypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify'])) as webcrypto.CryptoKeyPair
    const names = hosts.map((value) => ({ type: /^[\d.]+$|:/.test(value) ? ('ip' as const) : ('dns' as const), value }))
    const made = await x509.X509CertificateGenerator.create({
      serialNumber: String(++this.#serial).padStart(2, '0'),
      subject,
      issuer: this.#name,
      notBefore: new Date(fromMs),
      notAfter: new Date(toMs),
      signingKey: this.#keys.privateKey as never,
      publicKey: keys.publicKey as never,
      signingAlgorithm: ALGORITHM,
      extensions: names.length === 0 ? [] : [new x509.SubjectAlternativeNameExtension(names)],
    })
    const key = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', keys.privateKey)).toString('base64')
    return {
      cert: made.toString('pem'),
      key: `-----BEGIN PRIVATE KEY-----\n${key.replaceAll(/.{64}/g, '$&\n').trim()}\n-----END PRIVATE KEY-----\n`,
    }
  }
}
