import { formatAddress } from './address.ts'
import { TidemarkError } from './error.ts'
import type { Address } from './transport.ts'

/** Why a server cannot listen, from the error that Node.js emits: ADDRESS_IN_USE or ADDRESS_UNAVAILABLE. */
export function listenError(address: Address, cause: NodeJS.ErrnoException): TidemarkError {
  const where = formatAddress(address)
  if (cause.code === 'EADDRINUSE') {
    return new TidemarkError('ADDRESS_IN_USE', `${where} is in use by another process; choose another port, or port 0 for a free one`, {
      cause,
    })
  }
  return new TidemarkError('ADDRESS_UNAVAILABLE', `cannot listen on ${where}: ${cause.message}`, { cause })
}
