/** Addresses as people write them: `host:port`, an IPv6 address in brackets. */
import { type Address, describe, TidemarkError } from '@tidemark/platform'

/** Throws `TidemarkError` INVALID_ADDRESS. */
export function parseAddress(text: unknown): Address {
  if (typeof text !== 'string')
    throw new TidemarkError('INVALID_ADDRESS', `${describe(text)} is not a broker address; it must be text such as 'localhost:9092'`)
  const match = /^(?:\[([^\]]+)\]|([^:[\]]+)):(\d{1,5})$/.exec(text)
  const port = Number(match?.[3])
  if (match === null || port < 1 || port > 65_535) {
    throw new TidemarkError('INVALID_ADDRESS', `'${text}' is not a broker address; write host:port, or [::1]:9092 for IPv6`)
  }
  return { host: match[1] ?? match[2]!, port }
}

export const addressText = ({ host, port }: Address): string => `${host.includes(':') ? `[${host}]` : host}:${port}`
