/** Who takes part: certificates of the broker and of its clients, one user, and what both sides write of them. */
import { Authority, type Identity } from '../../packages/tidemark/src/testing/certificates.ts'

export const MECHANISMS = ['PLAIN', 'SCRAM-SHA-256', 'SCRAM-SHA-512'] as const
export const USER = { username: 'alice', password: 'wonder"land, =\\' }
export const OTHER_PASSWORD = 'builder'
export const WRONG = { ...USER, password: OTHER_PASSWORD }

export interface Certificates {
  readonly ca: Authority
  /** Another authority, which nobody trusts. */
  readonly foreign: Authority
  /** Of the broker, for 127.0.0.1 alone. */
  readonly server: Identity
  readonly app: Identity
}

export async function makeCertificates(): Promise<Certificates> {
  const ca = await Authority.make()
  const foreign = await Authority.make('CN=Foreign')
  return { ca, foreign, server: await ca.sign('CN=broker', { hosts: ['127.0.0.1'] }), app: await ca.sign('CN=app') }
}

export const moduleOf = (mechanism: string): string => (mechanism === 'PLAIN' ? 'plain.PlainLoginModule' : 'scram.ScramLoginModule')
export const quoted = (text: string): string => `"${text.replaceAll(/["\\]/g, '\\$&')}"`
export const jaas = (mechanism: string, { username, password }: typeof USER, more = ''): string =>
  `org.apache.kafka.common.security.${moduleOf(mechanism)} required username=${quoted(username)} password=${quoted(password)}${more};`
/** PEM text on one line of a properties file. */
export const inline = (pem: string): string => pem.trim().replaceAll('\n', '\\n')
/** A value as Java's `Properties` reads it back. */
export const escaped = (value: string): string => value.replaceAll(/\\(?!n)/g, '\\\\')
