/** Addresses as text: `host:port`, an IPv6 host in brackets. */
import type { Address } from './transport.ts'

const PORT_MAX = 65_535

/** `host:port` or, with a fallback for the port, `host` alone. Undefined: the text is not an address. */
export function parseAddress(text: string, fallbackPort?: number): Address | undefined {
  const match = /^(?:\[([^\]]+)\]|([^:[\]\s]+))(?::(\d{1,5}))?$/.exec(text)
  const port = match?.[3] === undefined ? fallbackPort : Number(match[3])
  if (match === null || port === undefined || port > PORT_MAX) return undefined
  return { host: (match[1] ?? match[2])!, port }
}

export const formatAddress = ({ host, port }: Address): string => `${host.includes(':') ? `[${host}]` : host}:${port}`

/** Whether only processes on this machine reach a listener on this host. */
export const isLoopback = (host: string): boolean => host === 'localhost' || host === '::1' || /^127(?:\.\d{1,3}){3}$/.test(host)

/** Whether a listener on this host listens on all addresses of the machine. */
export const isWildcard = (host: string): boolean => host === '' || host === '0.0.0.0' || /^[0:]*:[0:]*$/.test(host)
