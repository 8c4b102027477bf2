/**
 * Which names a request may have been sent to. A page of another site can make a browser send requests here under a
 * name of its own that it resolves to this machine (DNS rebinding); it cannot do that with an address, nor with
 * `localhost`.
 */
import { parseAddress } from '@tidemark/platform'

const IPV4 = /^\d{1,3}(?:\.\d{1,3}){3}$/
const IPV6 = /^[\da-f]*(?::[\da-f.]*){2,}$/i

/** Whether a Host header names this machine by address, as `localhost`, or by one of the names that were given. */
export function isKnownHost(header: string | undefined, names: readonly string[]): boolean {
  const host = header === undefined ? undefined : parseAddress(header, 80)?.host.toLowerCase()
  if (host === undefined) return false
  return host === 'localhost' || IPV4.test(host) || IPV6.test(host) || names.includes(host)
}
