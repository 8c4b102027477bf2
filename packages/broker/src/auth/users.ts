/**
 * Users: those of the options, and those whose SCRAM keys are in `__cluster_metadata` (Kafka's `ScramControlManager`).
 */
import { type Now, saslCrypto } from '@tidemark/platform'
import { ErrorCode, ITERATIONS_MAX, ITERATIONS_MIN, type ScramKeys, scramKeys } from '@tidemark/protocol'
import type { MetadataLog } from '../metadata/metadata-log.ts'
import { type Outcome, outcomeOf } from '../outcome.ts'
import type { MetadataRecord, ScramCredential } from '../state/cluster/records.ts'
import { type Credentials, hashOf, type ScramMechanism } from './credentials.ts'

/** Kafka's `ScramMechanism.type`. */
const TYPES: Readonly<Record<ScramMechanism, number>> = { 'scram-sha-256': 1, 'scram-sha-512': 2 }
const mechanismOf = (type: number): ScramMechanism | undefined =>
  (Object.keys(TYPES) as ScramMechanism[]).find((mechanism) => TYPES[mechanism] === type)

export interface Upsertion {
  readonly mechanism: number
  readonly iterations: number
  readonly salt: Buffer
  readonly saltedPassword: Buffer
}

const refused = (errorCode: number, errorMessage: string): Outcome => ({ errorCode, errorMessage })

export class Users implements Credentials {
  readonly #metadataLog: MetadataLog
  readonly #passwords: Readonly<Record<string, string>>

  constructor(metadataLog: MetadataLog, passwords: Readonly<Record<string, string>>) {
    this.#metadataLog = metadataLog
    this.#passwords = passwords
  }

  password(user: string): string | undefined {
    return Object.hasOwn(this.#passwords, user) ? this.#passwords[user] : undefined
  }

  passwords(): readonly (readonly [user: string, password: string])[] {
    return Object.entries(this.#passwords)
  }

  scram(user: string, mechanism: ScramMechanism): ScramKeys | undefined {
    return this.#metadataLog.metadata.scram(user, TYPES[mechanism])
  }

  allOf(mechanism: ScramMechanism): readonly ScramKeys[] {
    return this.all().filter((it) => it.mechanism === TYPES[mechanism])
  }

  get scramSecret(): Buffer | null {
    return this.#metadataLog.metadata.scramSecret
  }

  get scramVersion(): number {
    return this.#metadataLog.metadata.scramVersion
  }

  /** Those that are kept, by name and mechanism. */
  all(): readonly ScramCredential[] {
    return this.#metadataLog.metadata.allScram()
  }

  alter(name: string, deletions: readonly { readonly mechanism: number }[], upsertions: readonly Upsertion[]): Now<Outcome> {
    if (name === '') return refused(ErrorCode.UNACCEPTABLE_CREDENTIAL, 'Username must not be empty')
    const records: MetadataRecord[] = []
    for (const { mechanism: type } of deletions) {
      if (mechanismOf(type) === undefined) return refused(ErrorCode.UNSUPPORTED_SASL_MECHANISM, 'Unknown SCRAM mechanism')
      if (this.#metadataLog.metadata.scram(name, type) === undefined) {
        return refused(ErrorCode.RESOURCE_NOT_FOUND, 'Attempt to delete a user credential that does not exist')
      }
      records.push({ kind: 'removeScram', name, mechanism: type })
    }
    for (const { mechanism: type, iterations, salt, saltedPassword } of upsertions) {
      const mechanism = mechanismOf(type)
      if (mechanism === undefined) return refused(ErrorCode.UNSUPPORTED_SASL_MECHANISM, 'Unknown SCRAM mechanism')
      if (iterations < ITERATIONS_MIN) return refused(ErrorCode.UNACCEPTABLE_CREDENTIAL, 'Too few iterations')
      if (iterations > ITERATIONS_MAX) return refused(ErrorCode.UNACCEPTABLE_CREDENTIAL, 'Too many iterations')
      const keys = scramKeys(saltedPassword, Buffer.from(salt), iterations, saslCrypto(hashOf(mechanism)))
      records.push({ kind: 'scram', name, mechanism: type, ...keys })
    }
    return outcomeOf(() => this.#metadataLog.write(records))
  }
}
