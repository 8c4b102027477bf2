/** What mechanisms ask of those who know the users. */
import type { ScramHash } from '@tidemark/platform'
import type { ScramKeys } from '@tidemark/protocol'

/** Who there is, and what is known of them. */
export interface Credentials {
  password(user: string): string | undefined
  /** All that were given as options. */
  passwords(): readonly (readonly [user: string, password: string])[]
  scram(user: string, mechanism: ScramMechanism): ScramKeys | undefined
  /** All that are kept. */
  allOf(mechanism: ScramMechanism): readonly ScramKeys[]
  /** Of what salts of users who do not exist are made; null: none is kept. */
  readonly scramSecret: Buffer | null
  /** Another one when any of those has changed. */
  readonly scramVersion: number
}

export type ScramMechanism = 'scram-sha-256' | 'scram-sha-512'

export const hashOf = (mechanism: ScramMechanism): ScramHash => (mechanism === 'scram-sha-256' ? 'sha256' : 'sha512')
