/**
 * The SCRAM keys of a user who logs in: those that are kept, those made of a password in the options, or invented ones
 * if there is no such user. From outside the three look alike: the same length of salt, the same iterations, the same
 * time to answer.
 */
import { saltedPassword, saslCrypto } from '@tidemark/platform'
import { type ScramKeys, scramKeys } from '@tidemark/protocol'
import { type Credentials, hashOf, type ScramMechanism } from './credentials.ts'

/** How the keys of a user look from outside. */
interface Shape {
  readonly iterations: number
  readonly saltBytes: number
}

/** Of users of the options: as Kafka's tools make them. */
const OF_OPTIONS: Shape = { iterations: 4096, saltBytes: 24 }

export class ScramUsers {
  readonly #credentials: Credentials
  /** So that a user who does not exist has the same salt each time, as one who does; also after a restart. */
  readonly #secret: Buffer
  readonly #ofOptions = new Map<ScramMechanism, Promise<ReadonlyMap<string, ScramKeys>>>()
  readonly #usual = new Map<ScramMechanism, { readonly version: number; readonly shape: Shape }>()

  /** Makes the keys of the options' users at once: a first login that took longer would tell that the user exists. */
  constructor(credentials: Credentials, secret: Buffer, mechanisms: Iterable<ScramMechanism>) {
    this.#secret = secret
    this.#credentials = credentials
    for (const mechanism of mechanisms) this.#ofOptions.set(mechanism, this.#make(mechanism))
  }

  async #make(mechanism: ScramMechanism): Promise<ReadonlyMap<string, ScramKeys>> {
    const hash = hashOf(mechanism)
    const made = this.#credentials.passwords().map(async ([user, password]) => {
      const salt = this.#saltOf(user, mechanism, OF_OPTIONS.saltBytes)
      const salted = await saltedPassword(password, salt, OF_OPTIONS.iterations, hash)
      return [user, scramKeys(salted, salt, OF_OPTIONS.iterations, saslCrypto(hash))] as const
    })
    return new Map(await Promise.all(made))
  }

  async keysOf(user: string, mechanism: ScramMechanism): Promise<ScramKeys> {
    const ofOptions = await this.#ofOptions.get(mechanism)
    // All of it for everyone, in this order, whether or not it is needed.
    const madeUp = this.#madeUp(user, mechanism)
    return this.#credentials.scram(user, mechanism) ?? ofOptions?.get(user) ?? madeUp
  }

  /** Keys that no password gives, of the most common shape. */
  #madeUp(user: string, mechanism: ScramMechanism): ScramKeys {
    const { iterations, saltBytes } = this.#usualShape(mechanism)
    const crypto = saslCrypto(hashOf(mechanism))
    const salt = this.#saltOf(user, mechanism, saltBytes)
    return { salt, iterations, storedKey: crypto.hmac(this.#secret, salt), serverKey: crypto.hmac(salt, this.#secret) }
  }

  #usualShape(mechanism: ScramMechanism): Shape {
    const version = this.#credentials.scramVersion
    const known = this.#usual.get(mechanism)
    if (known?.version === version) return known.shape
    let shape = OF_OPTIONS
    const counts = new Map([[textOf(shape), this.#credentials.passwords().length]])
    for (const { iterations, salt } of this.#credentials.allOf(mechanism)) {
      const it = { iterations, saltBytes: salt.length }
      const count = (counts.get(textOf(it)) ?? 0) + 1
      counts.set(textOf(it), count)
      if (count > counts.get(textOf(shape))!) shape = it
    }
    this.#usual.set(mechanism, { version, shape })
    return shape
  }

  #saltOf(user: string, mechanism: ScramMechanism, bytes: number): Buffer {
    const { hmac } = saslCrypto('sha512')
    const salt = Buffer.alloc(bytes)
    for (let at = 0, i = 0; at < bytes; i++) at += hmac(this.#secret, Buffer.from(`${i} ${mechanism} ${user}`)).copy(salt, at)
    return salt
  }
}

const textOf = ({ iterations, saltBytes }: Shape): string => `${iterations} ${saltBytes}`
