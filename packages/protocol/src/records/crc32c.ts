import { crc32c as native } from '@node-rs/crc32'

/** CRC-32C (Castagnoli), unsigned: what a record batch carries over everything behind its CRC field. */
export const crc32c = (bytes: Uint8Array): number => native(bytes as Buffer)
