/** Users of one listener, in memory alone: nobody else is known there, and no request of a client changes them. */
import type { Credentials } from './credentials.ts'

export class GivenUsers implements Credentials {
  readonly #passwords: Readonly<Record<string, string>>
  readonly scramSecret: Buffer | null
  readonly scramVersion = 0

  constructor(passwords: Readonly<Record<string, string>>, scramSecret: Buffer | null) {
    this.#passwords = passwords
    this.scramSecret = scramSecret
  }

  password(user: string): string | undefined {
    return Object.hasOwn(this.#passwords, user) ? this.#passwords[user] : undefined
  }

  passwords(): readonly (readonly [user: string, password: string])[] {
    return Object.entries(this.#passwords)
  }

  scram(): undefined {}

  allOf(): readonly [] {
    return []
  }
}
