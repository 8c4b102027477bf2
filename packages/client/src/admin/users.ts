/** Users of SCRAM (KIP-554). The password is salted here: the broker never sees it. */
import { checkName, checkOptions, countOption, describe, saltedPassword, secretBytes, TidemarkError, wordOption } from '@tidemark/platform'
import { apis, ErrorCode, ITERATIONS_MAX, ITERATIONS_MIN } from '@tidemark/protocol'
import type { Cluster } from '../cluster/cluster.ts'
import { type CallLimits, mayPass, retrying } from '../cluster/retrying.ts'
import { refusal } from './ask.ts'
import { checkedLimits, LIMIT_NAMES, limitsOf } from './limits.ts'

/** Kafka's codes. */
const MECHANISMS = { 'scram-sha-256': 1, 'scram-sha-512': 2 } as const
export type UserMechanism = keyof typeof MECHANISMS
const NAMES = Object.keys(MECHANISMS) as UserMechanism[]

export interface ScramUser {
  readonly name: string
  readonly credentials: readonly { readonly mechanism: UserMechanism; readonly iterations: number }[]
}

export interface SetPasswordOptions extends CallLimits {
  /** Default: scram-sha-512. */
  readonly mechanism?: UserMechanism
  /** From 4,096 to 16,384. Default: 8,192. */
  readonly iterations?: number
}

export interface RemoveUserOptions extends CallLimits {
  /** Default: all that the user has. */
  readonly mechanism?: UserMechanism
}

/** Every call also rejects with INVALID_ARGUMENT, INVALID_OPTION, and with what `CallLimits` bring. */
export interface Users {
  /** By name. */
  list(options?: CallLimits): Promise<readonly ScramUser[]>
  /** Makes the user, or changes the password. */
  setPassword(name: string, password: string, options?: SetPasswordOptions): Promise<void>
  /** Rejects with `TidemarkError` RESOURCE_NOT_FOUND. Connections of the user live on. */
  remove(name: string, options?: RemoveUserOptions): Promise<void>
}

const SALT_BYTES = 24
const ITERATIONS = 8192

export function usersOf(cluster: Cluster): Users {
  const list = async (signal: AbortSignal): Promise<ScramUser[]> => {
    const { body } = await cluster.send(apis.DescribeUserScramCredentials, { users: null }, { node: 'any', purpose: 'admin', signal })
    if (body.errorCode !== 0) throw refusal('listing users', body.errorCode, body.errorMessage, {}, 'DESCRIBE')
    return body.results
      .filter(({ errorCode }) => errorCode === ErrorCode.NONE)
      .map(({ user, credentialInfos }) => ({
        name: user,
        credentials: credentialInfos.map(({ mechanism, iterations }) => ({
          mechanism: NAMES.find((it) => MECHANISMS[it] === mechanism) ?? 'scram-sha-256',
          iterations,
        })),
      }))
      .sort((a, b) => (a.name < b.name ? -1 : 1))
  }

  type Alteration = {
    readonly deletions: { name: string; mechanism: number }[]
    readonly upsertions: { name: string; mechanism: number; iterations: number; salt: Buffer; saltedPassword: Buffer }[]
  }
  const alter = async (what: string, body: Alteration, signal: AbortSignal): Promise<void> => {
    const { body: answer } = await cluster.send(apis.AlterUserScramCredentials, body, { node: 'any', purpose: 'admin', signal })
    const [result] = answer.results
    if (result === undefined) throw new TidemarkError('PROTOCOL_ERROR', 'the answer to AlterUserScramCredentials is empty')
    if (result.errorCode !== 0) throw refusal(what, result.errorCode, result.errorMessage, {}, 'ALTER')
  }

  return {
    list: (options = {}) => retrying(cluster, { what: 'listing users', retries: mayPass, ...limitsOf('users.list()', options) }, list),

    async setPassword(name, password, options = {}) {
      checkName('the name of the user', name)
      if (typeof password !== 'string' || password === '')
        throw new TidemarkError(
          'INVALID_ARGUMENT',
          `the password is ${typeof password === 'string' ? 'empty' : describe(password)}; it must be text`,
        )
      checkOptions<SetPasswordOptions>('users.setPassword()', options, { ...LIMIT_NAMES, mechanism: true, iterations: true })
      const mechanism = wordOption('mechanism', options.mechanism ?? 'scram-sha-512', NAMES)
      const iterations = countOption('iterations', options.iterations ?? ITERATIONS, ITERATIONS_MIN, ITERATIONS_MAX)
      const salt = secretBytes(SALT_BYTES)
      const salted = await saltedPassword(password, salt, iterations, mechanism === 'scram-sha-256' ? 'sha256' : 'sha512')
      const what = `setting the password of user '${name}'`
      const upsertions = [{ name, mechanism: MECHANISMS[mechanism], iterations, salt, saltedPassword: salted }]
      await retrying(cluster, { what, retries: mayPass, ...checkedLimits(options) }, (signal) =>
        alter(what, { deletions: [], upsertions }, signal),
      )
    },

    async remove(name, options = {}) {
      checkName('the name of the user', name)
      checkOptions<RemoveUserOptions>('users.remove()', options, { ...LIMIT_NAMES, mechanism: true })
      const only = options.mechanism === undefined ? undefined : wordOption('mechanism', options.mechanism, NAMES)
      const what = `removing user '${name}'`
      await retrying(cluster, { what, retries: mayPass, ...checkedLimits(options) }, async (signal) => {
        const known =
          only === undefined
            ? (await list(signal)).find((user) => user.name === name)?.credentials.map(({ mechanism }) => mechanism)
            : [only]
        if (known === undefined) throw new TidemarkError('RESOURCE_NOT_FOUND', `${what} failed: there is no such user`)
        // Kafka alters a user once in a request: the second of two mechanisms would have both refused.
        for (const mechanism of known) {
          await alter(what, { deletions: [{ name, mechanism: MECHANISMS[mechanism] }], upsertions: [] }, signal)
        }
      })
    },
  }
}
