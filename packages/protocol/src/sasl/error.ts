/** A message of a SASL exchange that is not what it must be. It never shows a secret. */
export class SaslError extends Error {
  override readonly name = 'SaslError'
}

/** What the exchanges need of cryptography: given to them, so that they are pure. `hash`: SHA-256 or SHA-512. */
export interface SaslCrypto {
  hash(bytes: Uint8Array): Buffer
  hmac(key: Uint8Array, bytes: Uint8Array): Buffer
  /** Whether two values are the same, in a time that does not tell where they differ. */
  equal(a: Uint8Array, b: Uint8Array): boolean
}
