import { hash } from 'node:crypto'

/** The 32 bytes of SHA-256. */
export const sha256 = (bytes: Uint8Array): Buffer => hash('sha256', bytes, 'buffer')
