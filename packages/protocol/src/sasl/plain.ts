/** SASL PLAIN (RFC 4616): one message, `authorization id NUL user NUL password`. */
import { SaslError } from './error.ts'

export interface PlainCredentials {
  readonly username: string
  readonly password: string
}

export function plainMessage({ username, password }: PlainCredentials): Buffer {
  if (username.includes('\0') || password.includes('\0')) throw new SaslError('a user or password of PLAIN has no NUL character')
  return Buffer.from(`\0${username}\0${password}`, 'utf8')
}

/** As Kafka's `PlainSaslServer` reads it. Throws `SaslError`. */
export function readPlainMessage(bytes: Buffer): PlainCredentials {
  const parts = bytes.toString('utf8').split('\0')
  if (parts.length !== 3) throw new SaslError(`a message of PLAIN has 3 parts, and this one has ${parts.length}`)
  const [authorization, username, password] = parts as [string, string, string]
  if (username === '') throw new SaslError('the user name is empty')
  if (password === '') throw new SaslError('the password is empty')
  if (authorization !== '' && authorization !== username)
    throw new SaslError('a client may act for itself alone: the authorization id is another user')
  return { username, password }
}
