/** The cryptography of SASL SCRAM over `node:crypto`. */
import { createHmac, hash, pbkdf2, randomBytes, timingSafeEqual } from 'node:crypto'
import { promisify } from 'node:util'

const salt = promisify(pbkdf2)

export type ScramHash = 'sha256' | 'sha512'

export function saslCrypto(algorithm: ScramHash) {
  return {
    hash: (bytes: Uint8Array): Buffer => hash(algorithm, bytes, 'buffer'),
    hmac: (key: Uint8Array, bytes: Uint8Array): Buffer => createHmac(algorithm, key).update(bytes).digest(),
    equal: (a: Uint8Array, b: Uint8Array): boolean => a.length === b.length && timingSafeEqual(a, b),
  }
}

/** PBKDF2, in the thread pool. */
export const saltedPassword = (password: string, saltBytes: Uint8Array, iterations: number, algorithm: ScramHash): Promise<Buffer> =>
  salt(password.normalize('NFKC'), saltBytes, iterations, algorithm === 'sha256' ? 32 : 64, algorithm)

/** Bytes that nobody can guess: secrets are not a matter of the seam to chance, which a simulation foresees. */
export const secretBytes = (count: number): Buffer => randomBytes(count)
