/** The addresses of brokers that a client is given. */
import { type Address, describe, parseAddress, TidemarkError } from '@tidemark/platform'

/** Throws `TidemarkError` INVALID_ADDRESS. */
export function brokerAddress(text: unknown): Address {
  if (typeof text !== 'string')
    throw new TidemarkError('INVALID_ADDRESS', `${describe(text)} is not a broker address; it must be text such as 'localhost:9092'`)
  const address = parseAddress(text)
  if (address === undefined || address.port === 0) {
    throw new TidemarkError('INVALID_ADDRESS', `'${text}' is not a broker address; write host:port, or [::1]:9092 for IPv6`)
  }
  return address
}
