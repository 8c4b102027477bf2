/**
 * SASL OAUTHBEARER (RFC 7628), as Kafka speaks it (KIP-255): the client sends its token and extensions; the server
 * answers with nothing, or with a JSON that says what is wrong, which the client acknowledges with one byte %x01.
 */
import { SaslError } from './error.ts'

export interface BearerToken {
  readonly value: string
  /** Of the names letters alone; of the values printable characters. */
  readonly extensions?: Readonly<Record<string, string>>
}

const SEPARATOR = '\x01'
/** RFC 6750, b64token. */
const TOKEN = /^[-._~+/A-Za-z0-9]+=*$/
const EXTENSION_NAME = /^[A-Za-z]+$/
const EXTENSION_VALUE = /^[\x21-\x7E \t\r\n]+$/

/** What the client answers to an error. */
export const BEARER_ACKNOWLEDGED = Buffer.from(SEPARATOR)

export function bearerMessage({ value, extensions = {} }: BearerToken): Buffer {
  if (!TOKEN.test(value)) throw new SaslError('the token has characters that a bearer token may not have')
  const fields = Object.entries(extensions).map(([name, text]) => {
    if (!EXTENSION_NAME.test(name) || name.toLowerCase() === 'auth')
      throw new SaslError(`'${name}' is not a name of an extension: letters alone, and not auth`)
    if (!EXTENSION_VALUE.test(text)) throw new SaslError(`the extension '${name}' has characters that it may not have`)
    return `${name}=${text}${SEPARATOR}`
  })
  return Buffer.from(`n,,${SEPARATOR}auth=Bearer ${value}${SEPARATOR}${fields.join('')}${SEPARATOR}`, 'utf8')
}

export interface ReceivedBearer extends BearerToken {
  /** Whom the client says that it acts for; empty: itself. */
  readonly authorization: string
  readonly extensions: Readonly<Record<string, string>>
}

/** Throws `SaslError`. */
export function readBearerMessage(bytes: Buffer): ReceivedBearer {
  const text = bytes.toString('utf8')
  const [start = '', ...rest] = text.split(SEPARATOR)
  const [, authorization = ''] = /^n,(?:a=([^,]*))?,$/.exec(start) ?? []
  const fields = rest.slice(0, -2)
  const isWhole = /^n,(?:a=[^,]*)?,$/.test(start) && rest.length >= 3 && rest.at(-1) === '' && rest.at(-2) === ''
  if (!isWhole || !fields.every((field) => /^[A-Za-z]+=/.test(field))) throw new SaslError('the message is not one of OAUTHBEARER')
  const extensions: Record<string, string> = {}
  let value: string | undefined
  for (const field of fields) {
    const at = field.indexOf('=')
    const [name, content] = [field.slice(0, at), field.slice(at + 1)]
    if (name !== 'auth') {
      if (!EXTENSION_VALUE.test(content)) throw new SaslError(`the extension '${name}' has characters that it may not have`)
      extensions[name] = content
    } else value = /^bearer +(.+)$/i.exec(content)?.[1]?.trim()
  }
  if (value === undefined || !TOKEN.test(value)) throw new SaslError('the message has no bearer token')
  return { value, authorization, extensions }
}

/** What a server answers to a token that it does not take. */
export const bearerError = (status: 'invalid_token' | 'insufficient_scope' | 'invalid_request', scope?: string): Buffer =>
  Buffer.from(JSON.stringify({ status, ...(scope !== undefined && { scope }) }))
